namespace Domicile.Control;

/// <summary>
/// What a move costs before any was measured: what the product itself needs, as benchmarks of it show, and what the link,
/// the target's disk and its own speed add.
/// </summary>
internal static class AssumedCosts
{
    // Steps of the protocol, one after the other: each is a question of control's and a commit, at the region and at
    // control. The source is asked more often: prepare twice, whether it answers, seal, depart and settle; of the target:
    // arrive twice, drain and activate. See docs/protocols/move.md.
    private const int StepsAtSource = 6;
    private const int StepsAtTarget = 4;
    private const int StepsAfter = 1;

    // The target asks for the changes, and they come.
    private const int RoundTripsOfPull = 1;
    private static readonly TimeSpan StepItself = TimeSpan.FromMilliseconds(6);
    private static readonly TimeSpan ErasingItself = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan BeginItself = TimeSpan.FromMilliseconds(5);

    // Of a machine on which a row's digest takes as long as DigestTypical: other machines are as much slower as theirs is.
    private static readonly TimeSpan DigestTypical = TimeSpan.FromMicroseconds(6);
    private static readonly TimeSpan ObjectTypical = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan ErasedObjectTypical = TimeSpan.FromMicroseconds(75);
    private const double BytesPerSecondTypical = 310e6;
    private const double ErasedBytesPerSecond = 3e9;

    // Moves side by side share a link or a disk that is narrower than the machines; else they use the cores that one leaves.
    private const double ParallelOnDevice = 1.05;
    private const double ParallelTypical = 1.5;

    // While bytes are on their way over such a link, objects that have come are stored.
    private const double ObjectShareOnDevice = 0.4;

    /// <param name="pair">Null: could not be measured.</param>
    public static PairPace Of(PairMeasure? pair)
    {
        var link = pair?.Link;
        var slower = link is null ? 1 : Math.Clamp(link.DigestTime / DigestTypical, 0.2, 20);
        var (toSource, toTarget) = (pair?.ToSource.TotalSeconds ?? 0, pair?.ToTarget.TotalSeconds ?? 0);
        var pull = RoundTripsOfPull * (link?.RoundTrip.TotalSeconds ?? 0);
        var machine = slower / BytesPerSecondTypical;
        var device = Math.Max(PerByte(link?.BytesPerSecond), PerByte(link?.DiskBytesPerSecond));
        var isOnDevice = device > machine;
        return new PairPace(
            Pace.From(new Costs(
                Steps(StepsAtSource, toSource) + Steps(StepsAtTarget, toTarget) + pull,
                ObjectTypical.TotalSeconds * slower * (isOnDevice ? ObjectShareOnDevice : 1),
                Math.Max(machine, device), isOnDevice ? ParallelOnDevice : ParallelTypical)),
            Pace.From(new Costs(
                Steps(StepsAfter, toSource) + (ErasingItself.TotalSeconds * slower), ErasedObjectTypical.TotalSeconds * slower,
                slower / ErasedBytesPerSecond, ParallelTypical)),
            toTarget + BeginItself.TotalSeconds);

        double Steps(int count, double roundTrip) => count * (roundTrip + (StepItself.TotalSeconds * slower));
    }

    private static double PerByte(double? bytesPerSecond) => bytesPerSecond is > 0 and var rate ? 1 / rate : 0;
}
