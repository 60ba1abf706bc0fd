using Domicile.Moves;

namespace Domicile.Control;

/// <summary>How long moves take, by what this deployment's last moves took, or by an assumption until it has made some.</summary>
internal sealed record Estimate(double BytesPerSecond)
{
    // Small moves say how long round trips are, not how fast bytes go.
    private const long BytesThatSaySomething = 8L << 20;

    public static Estimate FromMoves(IEnumerable<Move> moves)
    {
        var telling = moves.Where(move => move is { ActivatedAt: not null, Bytes: >= BytesThatSaySomething }).ToArray();
        var seconds = telling.Sum(move => (move.ActivatedAt!.Value - move.RequestedAt).TotalSeconds);
        return new Estimate(
            seconds > 0 ? telling.Sum(move => (double)move.Bytes) / seconds : ControlLimits.AssumedBytesPerSecond);
    }

    /// <summary>Of one move, in seconds.</summary>
    public double Seconds(long bytes) => Math.Round(ControlLimits.MoveOverhead.TotalSeconds + (bytes / BytesPerSecond), 1);

    /// <summary>Of many, so many at once: their sum shared out, and never less than the longest.</summary>
    public double Seconds(IReadOnlyCollection<long> bytes, int atOnce)
        => bytes.Count == 0 ? 0 : Math.Round(Math.Max(bytes.Sum(Seconds) / atOnce, bytes.Max(Seconds)), 1);
}
