namespace Domicile.Control;

/// <summary>What an account holds, as far as moving it takes time.</summary>
/// <param name="Objects">Versions, since each of them moves.</param>
internal readonly record struct MoveSize(long Objects, long Bytes);

/// <summary>
/// What a step of a move costs: seconds = fixed + (objects · each + bytes · byte) · max(1, beside / parallel). Fixed are the
/// round trips and transactions that every move makes. Beside is how many moves ran on the same region, this one among
/// them; so many as <paramref name="Parallel"/> don't slow each other down.
/// </summary>
internal sealed record Costs(double Fixed, double PerObject, double PerByte, double Parallel)
{
    public double WorkSeconds(MoveSize size) => (size.Objects * PerObject) + (size.Bytes * PerByte);

    public double SlowedBy(double beside) => Math.Max(1, beside / Parallel);

    public double Seconds(MoveSize size, double beside) => Fixed + (WorkSeconds(size) * SlowedBy(beside));
}

/// <summary>
/// Costs as they are learned from what was measured: a Kalman filter over the costs' logarithms, so that costs stay
/// positive, errors count relative to what was expected, and a measurement moves those costs most that made most of it:
/// an account of one large object says nothing of what an object costs. Each measurement makes older ones weigh less.
/// See D. Simon, Optimal State Estimation (2006), 13.3: the iterated extended Kalman filter.
/// </summary>
internal sealed record Pace
{
    private const int Rounds = 4;

    // Variances of logarithms: 0.15 is 15 %. What a move takes varies so much by itself; and so much the costs drift
    // from one measured move to the next, which is what makes older measurements fade.
    private const double Noise = 0.15 * 0.15;
    private const double Drift = 0.10 * 0.10;

    // Once something is known, a measurement that is off by more than this factor counts as off by it: a disk that
    // stalled must not teach what moves cost.
    private const double OutlierFactor = 3;
    private const int CountThatKnows = 3;

    private static readonly double[] FirstVariances = [0.5 * 0.5, 0.8 * 0.8, 0.8 * 0.8, 0.4 * 0.4];

    private readonly double[] _logs;
    private readonly double[] _variances;

    private Pace(double[] logs, double[] variances, int count) => (_logs, _variances, Count) = (logs, variances, count);

    /// <summary>How many moves taught it.</summary>
    public int Count { get; }

    public Costs Costs
        => new(Math.Exp(_logs[0]), Math.Exp(_logs[1]), Math.Exp(_logs[2]), Math.Max(1, Math.Exp(_logs[3])));

    /// <param name="assumed">What is believed before anything was measured. Each cost is above 0.</param>
    public static Pace From(Costs assumed)
    {
        double[] costs = [assumed.Fixed, assumed.PerObject, assumed.PerByte, assumed.Parallel];
        Invariant.Check(costs.All(cost => cost > 0 && double.IsFinite(cost)));
        return new Pace([.. costs.Select(cost => Math.Log(cost))], FirstVariances, 0);
    }

    /// <param name="beside">On average; 1 where it moved alone.</param>
    /// <param name="seconds">Measured; 0 and less say nothing.</param>
    public Pace Learn(MoveSize size, double beside, double seconds)
    {
        if (!(seconds > 0) || !double.IsFinite(seconds))
        {
            return this;
        }

        var measured = Math.Log(seconds);
        if (Count >= CountThatKnows)
        {
            var expected = Math.Log(Costs.Seconds(size, beside));
            measured = Math.Clamp(measured, expected - Math.Log(OutlierFactor), expected + Math.Log(OutlierFactor));
        }

        double[] variances = [.. _variances.Select((variance, at) => Math.Min(variance + Drift, FirstVariances[at]))];
        var logs = _logs;
        double[] gains = [], slopes = [];
        for (var round = 0; round < Rounds; round++)
        {
            (var expected, slopes) = Expect(logs, size, beside);
            var spread = Noise + slopes.Select((slope, at) => slope * slope * variances[at]).Sum();
            gains = [.. slopes.Select((slope, at) => variances[at] * slope / spread)];
            var stray = measured - expected - slopes.Select((slope, at) => slope * (_logs[at] - logs[at])).Sum();
            logs = [.. _logs.Select((log, at) => log + (gains[at] * stray))];
        }

        return new Pace(logs, [.. variances.Select((variance, at) => variance * (1 - (gains[at] * slopes[at])))], Count + 1);
    }

    // The logarithm of the seconds, and how it changes with the logarithm of each cost: the shares of the parts.
    private static (double Log, double[] Slopes) Expect(double[] logs, MoveSize size, double beside)
    {
        double[] costs = [.. logs.Select(log => Math.Exp(log))];
        var slowed = Math.Max(1, beside / Math.Max(1, costs[3]));
        var objects = size.Objects * costs[1] * slowed;
        var bytes = size.Bytes * costs[2] * slowed;
        var seconds = costs[0] + objects + bytes;
        var crowd = slowed > 1 && costs[3] > 1 ? -(objects + bytes) / seconds : 0;
        return (Math.Log(seconds), [costs[0] / seconds, objects / seconds, bytes / seconds, crowd]);
    }
}
