namespace Domicile.Bench;

/// <summary>Durations in milliseconds, in order; percentiles by nearest rank.</summary>
internal sealed class Spread
{
    private readonly double[] _sorted;

    public Spread(IEnumerable<double> milliseconds) => _sorted = [.. milliseconds.Order()];

    public int Count => _sorted.Length;

    public double P50 => Rank(0.5);

    public double P90 => Rank(0.9);

    public double P99 => Rank(0.99);

    public double Max => Rank(1);

    public int CountUpTo(double milliseconds) => _sorted.Count(value => value <= milliseconds);

    // Nothing measured is no number, and must not look like a fast one.
    private double Rank(double share)
        => _sorted.Length == 0 ? double.NaN : _sorted[Math.Max(0, (int)Math.Ceiling(share * _sorted.Length) - 1)];
}
