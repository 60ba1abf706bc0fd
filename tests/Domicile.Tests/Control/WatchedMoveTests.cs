using Domicile.Accounts;
using Domicile.Control;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Control;

public sealed class WatchedMoveTests
{
    private const int Objects = 60_000;
    private const long Bytes = 6L << 30;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    // 100 ms of round trips, 60 s of work.
    private static readonly PairPace Usual = new(
        Pace.From(new Costs(0.1, 30.0 / Objects, 30.0 / Bytes, 1.5)), Pace.From(new Costs(0.1, 1e-9, 1e-12, 1)), 0);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_rate_that_varies_by_a_third_does_not_make_the_estimate_jump(int seed)
    {
        var random = new Random(seed);
        var copy = new Copy();
        var before = copy.Look(0)!.Value;
        while (!copy.IsDone)
        {
            var left = copy.Look(0.7 + (0.6 * random.NextDouble()))!.Value;

            Assert.True(left <= before + 1e-9, $"it goes up from {before} to {left}");
            Assert.True(left >= (0.9 * before) - Tick.TotalSeconds, $"it jumps from {before} to {left}");
            if (copy.Done > 0.1)
            {
                Assert.InRange(left, 0.85 * copy.TrueLeft - 0.5, 1.15 * copy.TrueLeft + 0.5);
            }

            before = left;
        }

        Assert.InRange(before, 0, 1);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(1.5)]
    [InlineData(2.5)]
    public void A_copy_that_goes_otherwise_than_expected_is_estimated_by_what_is_seen(double speed)
    {
        var copy = new Copy();
        var before = copy.Look(0)!.Value;
        while (copy.Done < 0.95)
        {
            var left = copy.Look(speed)!.Value;

            var most = SteadyEstimate.ChangePerSecond * Math.Max(before, 5) * Tick.TotalSeconds;
            Assert.InRange(left, Math.Max(0, before - Tick.TotalSeconds - most) - 1e-9, before + most + 1e-9);
            if (copy.Done > 0.7)
            {
                Assert.InRange(left, 0.75 * copy.TrueLeft, 1.25 * copy.TrueLeft + 0.6);
            }

            before = left;
        }
    }

    [Fact]
    public void A_copy_that_stands_still_says_at_last_that_nobody_knows_and_goes_on_where_it_was()
    {
        var copy = new Copy();
        for (var tick = 0; tick < 80; tick++)
        {
            copy.Look(1);
        }

        var before = copy.Shown!.Value;
        var still = 0.0;
        while (copy.Look(0) is { } left)
        {
            still += Tick.TotalSeconds;
            Assert.InRange(left, before * 0.9, before * Math.Exp(0.1 * still) + 1e-9);
            Assert.True(still < 60, "after a minute it still estimates");
        }

        Assert.True(still > 5, "it gives up at once");
        for (var tick = 0; tick < 60; tick++)
        {
            copy.Look(1);
        }

        Assert.InRange(copy.Shown!.Value, 0.7 * copy.TrueLeft, 1.3 * copy.TrueLeft);
    }

    [Fact]
    public void One_large_object_is_seen_to_grow_before_it_is_stored()
    {
        var watched = new WatchedMove();
        var move = NewMove(1, Bytes);
        double? left = null;
        for (var second = 0; second < 30; second++)
        {
            var progress = new StepAnswer.Arriving(0, 3, 0, 0, null, Received: Bytes * second / 60);
            watched.Look(move, progress, null, Usual, 1, 1, default);
            watched.Show(Schedule.Ends([watched.Next!], 1)[0], 1);
            left = watched.Left;
        }

        Assert.InRange(left!.Value, 24, 36);
    }

    [Fact]
    public void Who_looks_only_now_and_then_sees_the_same()
    {
        var often = new Copy();
        var seldom = new Copy();
        often.Look(0);
        seldom.Look(0);
        for (var second = 0; second < 80; second += 20)
        {
            for (var tick = 0; tick < 80; tick++)
            {
                often.Look(0.5);
            }

            seldom.Look(0.5, TimeSpan.FromSeconds(20));
            Assert.InRange(seldom.Shown!.Value, 0.85 * often.Shown!.Value, 1.15 * often.Shown.Value);
        }
    }

    [Fact]
    public void A_move_that_goes_back_has_no_end_to_wait_for()
    {
        foreach (var state in new[] { MoveState.Refusing, MoveState.Unsealing })
        {
            var watched = new WatchedMove();

            watched.Look(NewMove(1, 1) with { State = state }, null, null, Usual, 1, 0, default);

            Assert.Null(watched.Left);
        }
    }

    private static Move NewMove(long objects, long bytes)
        => new()
        {
            Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch),
            Profile = new AccountProfile(AccountId.Parse("aaaaaaaaaaaaaaaa"), Country.Parse("IN"), null),
            Source = RegionName.Parse("beijing"),
            Target = RegionName.Parse("singapore"),
            Epoch = 1,
            PolicyRevision = 1,
            Rule = "",
            RequestedAt = default,
            EraseAfter = TimeSpan.Zero,
            Salt = [],
            State = MoveState.Copying,
            Objects = objects,
            Bytes = bytes,
        };

    /// <summary>A copy whose speed the test chooses, tick by tick, on a clock of its own.</summary>
    private sealed class Copy
    {
        private readonly ManualTime _time = new();
        private readonly WatchedMove _watched = new();
        private readonly Move _move = NewMove(Objects, Bytes);
        private long _lookedAt;
        private double _speeds;
        private int _ticks;

        public Copy() => _lookedAt = _time.GetTimestamp();

        /// <summary>From 0 to 1.</summary>
        public double Done { get; private set; }

        public bool IsDone => Done >= 1;

        public double? Shown => _watched.Left;

        /// <summary>What is left by the average speed so far, and the cut-over.</summary>
        public double TrueLeft => ((1 - Done) * 60 / (_speeds / _ticks)) + 0.15;

        /// <param name="speed">1 is what the pace expects.</param>
        public double? Look(double speed, TimeSpan? after = null)
        {
            var elapsed = after ?? Tick;
            if (speed > 0)
            {
                _speeds += speed;
                _ticks++;
                _time.Advance(elapsed);
                Done = Math.Min(1, Done + (speed * elapsed.TotalSeconds / 60));
            }
            else
            {
                _time.Advance(elapsed);
            }

            var objects = (long)(Objects * Done);
            var seconds = _time.GetElapsedTime(_lookedAt).TotalSeconds;
            _lookedAt = _time.GetTimestamp();
            _watched.Look(
                _move, new StepAnswer.Arriving(objects, Objects, objects, (long)(Bytes * Done), null), null, Usual, 1, seconds,
                _time.GetUtcNow());
            if (_watched.Next is { } next)
            {
                _watched.Show(Schedule.Ends([next], 1)[0], seconds);
            }

            return Shown;
        }
    }
}
