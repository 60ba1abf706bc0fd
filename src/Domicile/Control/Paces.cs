using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Control;

/// <summary>What moves from one region to another cost: the part in which they take a turn, and what follows it.</summary>
/// <param name="Turn">From the beginning of the copy to the settling.</param>
/// <param name="After">Erasing, and the receipt.</param>
/// <param name="BeginSeconds">What requesting one takes, one after the other: a question to the target, and a commit.</param>
internal sealed record PairPace(Pace Turn, Pace After, double BeginSeconds)
{
    /// <summary>The same, to be believed no more than what a new deployment assumes.</summary>
    public PairPace AsAssumption => this with { Turn = Pace.From(Turn.Costs), After = Pace.From(After.Costs) };

    public ScheduledMove Scheduled(RegionName source, RegionName target, MoveSize size)
    {
        var turn = Turn.Costs;
        return new ScheduledMove(
            source, target, 0, turn.Fixed, turn.WorkSeconds(size), turn.Parallel, After.Costs.Seconds(size, 1));
    }
}

/// <summary>What was measured for a plan of moves from one region to another.</summary>
/// <param name="Link">As the target found it.</param>
/// <param name="ToSource">The round trip of control's own questions to the source.</param>
/// <param name="ToTarget">And to the target.</param>
internal sealed record PairMeasure(LinkMeasure Link, TimeSpan ToSource, TimeSpan ToTarget)
{
    private static readonly TimeSpan AlikeMax = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Whether both ways cost the same. The machines do as much in either part; but control asks the source more often, and
    /// where it is far its answers wait behind the bytes that come from there.
    /// </summary>
    public bool IsAlikeBack => (ToSource - ToTarget).Duration() <= AlikeMax;
}

/// <summary>
/// How long moves take between each two regions: learned from the last moves as they are saved, and before the first of
/// them from the link's round trip and rate, which the target is asked to measure.
/// </summary>
internal sealed class Paces(ControlDatabase database, RegionQuestions regions, TimeProvider time)
{
    private static readonly TimeSpan LearnedLasts = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(RegionName Source, RegionName Target), (PairMeasure Measure, long At)> _links = new();
    private readonly Lock _gate = new();
    private Learned? _learned;

    /// <summary>Has the targets measure links of which nothing is known: all at once, and not for long.</summary>
    public async Task MeasureAsync(
        IEnumerable<(RegionName Source, RegionName Target)> pairs, CancellationToken cancellationToken)
    {
        Refresh();
        var unknown = pairs.Distinct().Where(IsUnknown).ToList();
        await Parallel.ForEachAsync(
            unknown,
            new ParallelOptions { MaxDegreeOfParallelism = ControlLimits.QuestionsAtOnce, CancellationToken = cancellationToken },
            async (pair, cancelled) => await MeasureAsync(pair, cancelled));
    }

    public PairPace Of(RegionName source, RegionName target)
        => Known(Learn().Pairs, source, target);

    private bool IsUnknown((RegionName Source, RegionName Target) pair)
        => Of(pair.Source, pair.Target).Turn.Count < ControlLimits.MovesThatTeach
            && !(_links.TryGetValue(pair, out var known)
                && time.GetElapsedTime(known.At) < ControlLimits.LinkMeasureLasts);

    private async Task MeasureAsync((RegionName Source, RegionName Target) pair, CancellationToken cancellationToken)
    {
        var asked = await regions.AskAsync(
            pair.Target, (region, limited) => region.MeasureLinkAsync(pair.Source, limited), cancellationToken,
            ControlLimits.LinkMeasurePatience);
        if (asked.Is(out var measure, out _) && measure is not null)
        {
            var (toSource, toTarget) = (
                await RoundTripAsync(pair.Source, cancellationToken), await RoundTripAsync(pair.Target, cancellationToken));
            _links[pair] = (new PairMeasure(measure, toSource, toTarget), time.GetTimestamp());
            Refresh();
        }
    }

    // The shorter of two: the first may have to connect.
    private async Task<TimeSpan> RoundTripAsync(RegionName region, CancellationToken cancellationToken)
    {
        var shortest = TimeSpan.MaxValue;
        for (var turn = 0; turn < 2; turn++)
        {
            var begun = time.GetTimestamp();
            await regions.AskAsync(
                region, (peer, limited) => peer.StatusAsync(limited), cancellationToken, ControlLimits.LinkMeasurePatience);
            var took = time.GetElapsedTime(begun);
            shortest = took < shortest ? took : shortest;
        }

        return shortest;
    }

    // The next look reads the saved moves again.
    private void Refresh()
    {
        lock (_gate)
        {
            _learned = null;
        }
    }

    // The filter runs over the saved moves, oldest first, when others have ended: tens of milliseconds for a thousand, so
    // not more often than they are needed.
    private Learned Learn()
    {
        lock (_gate)
        {
            if (_learned is { } known && time.GetElapsedTime(known.At) < LearnedLasts)
            {
                return known;
            }

            var ended = database.Read(MoveRecords.CountEnded);
            _learned = _learned?.Ended == ended ? _learned with { At = time.GetTimestamp() } : Learn(ended);
            return _learned;
        }
    }

    private Learned Learn(long ended)
    {
        var pairs = new Dictionary<(RegionName, RegionName), PairPace>();
        foreach (var move in database.Read(sql => MoveRecords.ListEnded(sql, ControlLimits.MovesLearned)).Reverse())
        {
            var pair = (move.Source, move.Target);
            pairs[pair] = Learn(pairs.GetValueOrDefault(pair) ?? Known(pairs, move.Source, move.Target).AsAssumption, move);
        }

        return new Learned(ended, pairs, time.GetTimestamp());
    }

    private PairPace Known(
        IReadOnlyDictionary<(RegionName Source, RegionName Target), PairPace> pairs, RegionName source, RegionName target)
        => pairs.GetValueOrDefault((source, target))
            ?? (IsAlikeBack(source, target) ? pairs.GetValueOrDefault((target, source)) : null)
            ?? AssumedCosts.Of(Measured(source, target));

    // Also where nothing is known of that.
    private bool IsAlikeBack(RegionName source, RegionName target)
        => (Measured(source, target) ?? Measured(target, source)) is null or { IsAlikeBack: true };

    private PairMeasure? Measured(RegionName source, RegionName target)
        => _links.TryGetValue((source, target), out var known) ? known.Measure : null;

    private static PairPace Learn(PairPace pace, Move move)
    {
        var size = new MoveSize(move.Objects, move.Bytes);
        return move.Took is not { } took ? pace
            : pace with
            {
                Turn = pace.Turn.Learn(size, took.Beside, took.TurnMs / 1000),
                After = took.AfterMs is { } after ? pace.After.Learn(size, 1, after / 1000) : pace.After,
            };
    }

    private sealed record Learned(
        long Ended, IReadOnlyDictionary<(RegionName Source, RegionName Target), PairPace> Pairs, long At);
}
