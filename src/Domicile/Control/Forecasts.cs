using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Control;

/// <summary>
/// When the open moves will be over, by how far they are, how fast they go, and whose turn is when. Kept in memory: after a
/// restart of control it is learned again within seconds.
/// </summary>
internal sealed class Forecasts(MoveDesk desk, Paces paces, TimeProvider time)
{
    // Whoever watches asks after every change: a forecast is good for that long.
    private static readonly TimeSpan GoodFor = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private Dictionary<Guid, WatchedMove> _watched = [];
    private long? _madeAt;

    /// <summary>
    /// Seconds until the move is over, without what <c>--erase-after</c> makes it wait for; null where nobody knows: it
    /// stands still, goes back, or only waits.
    /// </summary>
    public double? SecondsLeft(Move move)
    {
        if (move.IsOver)
        {
            return null;
        }

        lock (_gate)
        {
            if (_madeAt is not { } made || time.GetElapsedTime(made) >= GoodFor || !_watched.ContainsKey(move.Id))
            {
                Make(_madeAt is { } before ? time.GetElapsedTime(before).TotalSeconds : 0);
                _madeAt = time.GetTimestamp();
            }

            return _watched.GetValueOrDefault(move.Id)?.Left is { } left ? Math.Round(left, 1) : null;
        }
    }

    private void Make(double elapsed)
    {
        var open = desk.ListOpen();
        var watched = open.ToDictionary(move => move.Id, move => _watched.GetValueOrDefault(move.Id) ?? new WatchedMove());
        var now = time.GetUtcNow();
        var crowd = Crowd(open);
        foreach (var move in open)
        {
            var pace = paces.Of(move.Source, move.Target);
            watched[move.Id].Look(move, desk.Progress(move.Id), desk.Trouble(move.Id), pace, crowd(move), elapsed, now);
        }

        // Those that have their turn first: the others wait for them.
        var turns = open.Where(move => watched[move.Id].Next is not null)
            .OrderByDescending(move => move.State != MoveState.Planned).ToList();
        var ends = Schedule.Ends(turns.ConvertAll(move => watched[move.Id].Next!), desk.AtOnce);
        foreach (var (move, end) in turns.Zip(ends))
        {
            watched[move.Id].Show(end, elapsed);
        }

        // Erasing takes no turn.
        foreach (var one in watched.Values.Where(one => one.Erasing is not null))
        {
            one.Show(one.Erasing!.Value, elapsed);
        }

        _watched = watched;
    }

    private static Func<Move, double> Crowd(IReadOnlyList<Move> open)
    {
        var busy = new Dictionary<RegionName, int>();
        foreach (var region in open.Where(HasTurn).SelectMany(move => new[] { move.Source, move.Target }))
        {
            busy[region] = busy.GetValueOrDefault(region) + 1;
        }

        return move => Math.Max(1, Math.Max(busy.GetValueOrDefault(move.Source), busy.GetValueOrDefault(move.Target)));
    }

    private static bool HasTurn(Move move) => move.State is > MoveState.Planned and <= MoveState.Settling;
}
