using Domicile.Moves;

namespace Domicile.Control;

/// <summary>
/// What a move costs before any was measured: what the product itself needs, as benchmarks of it show, and what the link,
/// the target's disk and its own speed add.
/// </summary>
internal static class AssumedCosts
{
    // Steps of the protocol, one after the other: each is a question of control's and a commit, at the region and at
    // control. See docs/protocols/move.md.
    private const int StepsOfTurn = 8;
    private const int StepsAfter = 1;

    // The target opens a connection, asks for the changes, and hears of the last ones: TCP, TLS, question, drain.
    private const int RoundTripsOfPull = 4;
    private static readonly TimeSpan StepItself = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan ErasingItself = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan BeginItself = TimeSpan.FromMilliseconds(5);

    // Of a machine on which a row's digest takes as long as DigestTypical: other machines are as much slower as theirs is.
    private static readonly TimeSpan DigestTypical = TimeSpan.FromMicroseconds(6);
    private static readonly TimeSpan ObjectTypical = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan ErasedObjectTypical = TimeSpan.FromMicroseconds(75);
    private const double BytesPerSecondTypical = 290e6;
    private const double ErasedBytesPerSecond = 3e9;

    // Moves side by side share a link or a disk that is narrower than the machines; else they use the cores that one leaves.
    private const double ParallelOnDevice = 1.05;
    private const double ParallelTypical = 1.5;

    /// <param name="link">Null: could not be measured.</param>
    public static PairPace Of(LinkMeasure? link)
    {
        var slower = link is null ? 1 : Math.Clamp(link.DigestTime / DigestTypical, 0.2, 20);
        var control = link?.ControlRoundTrip.TotalSeconds ?? 0;
        var roundTrip = link?.RoundTrip.TotalSeconds ?? 0;
        var step = control + (StepItself.TotalSeconds * slower);
        var machine = slower / BytesPerSecondTypical;
        var onDevice = Math.Max(PerByte(link?.BytesPerSecond), PerByte(link?.DiskBytesPerSecond));
        return new PairPace(
            Pace.From(new Costs(
                (StepsOfTurn * step) + (RoundTripsOfPull * roundTrip), ObjectTypical.TotalSeconds * slower,
                Math.Max(machine, onDevice), onDevice > machine ? ParallelOnDevice : ParallelTypical)),
            Pace.From(new Costs(
                (StepsAfter * step) + (ErasingItself.TotalSeconds * slower), ErasedObjectTypical.TotalSeconds * slower,
                slower / ErasedBytesPerSecond, ParallelTypical)),
            control + BeginItself.TotalSeconds);
    }

    private static double PerByte(double? bytesPerSecond) => bytesPerSecond is > 0 and var rate ? 1 / rate : 0;
}
