using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>
/// Counts, for each move that has its turn, how many moves were under way at the busier of its two regions: the average over
/// its time, itself included. What moves take is only comparable with that.
/// </summary>
internal sealed class Beside
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Turn> _turns = [];
    private long _countedAt;

    public void Enter(Move move, long timestamp)
    {
        lock (_gate)
        {
            CountUntil(timestamp);
            _turns[move.Id] = new Turn(move.Source, move.Target, timestamp);
        }
    }

    /// <returns>1 where the move is not known.</returns>
    public double Leave(Guid move, long timestamp)
    {
        lock (_gate)
        {
            CountUntil(timestamp);
            return _turns.Remove(move, out var turn) && timestamp > turn.Began
                ? Math.Max(1, turn.Counted / (timestamp - turn.Began)) : 1;
        }
    }

    private void CountUntil(long timestamp)
    {
        var busy = _turns.Values.SelectMany(turn => new[] { turn.Source, turn.Target })
            .CountBy(region => region).ToDictionary();
        foreach (var turn in _turns.Values)
        {
            turn.Counted += (double)(timestamp - _countedAt) * Math.Max(busy[turn.Source], busy[turn.Target]);
        }

        _countedAt = timestamp;
    }

    private sealed class Turn(RegionName source, RegionName target, long began)
    {
        public RegionName Source => source;

        public RegionName Target => target;

        public long Began => began;

        /// <summary>Timestamp units, each counted as often as moves were under way.</summary>
        public double Counted { get; set; }
    }
}
