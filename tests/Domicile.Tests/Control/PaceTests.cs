using Domicile.Control;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Control;

public sealed class PaceTests
{
    private static readonly Costs Assumed = new(Fixed: 0.2, PerObject: 100e-6, PerByte: 1 / 200e6, Parallel: 1.5);

    private static readonly MoveSize[] Sizes =
    [
        new(10_000, 40 << 20), new(16, 1 << 30), new(1_000, 256 << 20), new(1, 1_000), new(200_000, 200 << 20), new(50, 3 << 20),
    ];

    [Fact]
    public void What_every_move_costs_is_learned_from_small_ones_and_what_a_byte_costs_from_large_ones()
    {
        var truth = new Costs(Fixed: 1.9, PerObject: 700e-6, PerByte: 1 / 20e6, Parallel: 1);
        var pace = Pace.From(Assumed);
        for (var round = 0; round < 4; round++)
        {
            foreach (var size in Sizes)
            {
                pace = pace.Learn(size, beside: 1, truth.Seconds(size, beside: 1));
            }
        }

        Assert.All(Sizes, size => Near(truth.Seconds(size, 1), pace.Costs.Seconds(size, 1), share: 0.05));
        Near(truth.Fixed, pace.Costs.Fixed, 0.15);
        Near(truth.PerByte, pace.Costs.PerByte, 0.15);
    }

    [Fact]
    public void One_measured_move_brings_the_estimate_of_its_like_within_a_quarter()
    {
        foreach (var size in Sizes)
        {
            foreach (var factor in new[] { 0.3, 0.6, 2, 4 })
            {
                var seconds = Assumed.Seconds(size, 1) * factor;

                var pace = Pace.From(Assumed).Learn(size, 1, seconds);

                Near(seconds, pace.Costs.Seconds(size, 1), 0.25);
            }
        }
    }

    [Fact]
    public void An_account_of_one_large_object_teaches_nothing_of_what_objects_cost()
    {
        var pace = Pace.From(Assumed);
        for (var turn = 0; turn < 10; turn++)
        {
            pace = pace.Learn(new MoveSize(1, 4L << 30), 1, 200);
        }

        Near(Assumed.PerObject, pace.Costs.PerObject, 0.01);
        Near(200.0 / (4L << 30), pace.Costs.PerByte, 0.05);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    public void Moves_that_slow_each_other_down_are_told_from_slow_ones(int atOnce)
    {
        var truth = new Costs(Fixed: 0.2, PerObject: 100e-6, PerByte: 1 / 200e6, Parallel: 1);
        var size = new MoveSize(50_000, 500 << 20);
        var pace = Pace.From(Assumed);
        for (var turn = 0; turn < 10; turn++)
        {
            var beside = turn % 2 == 0 ? 1 : atOnce;
            pace = pace.Learn(size, beside, truth.Seconds(size, beside));
        }

        Near(truth.Seconds(size, 1), pace.Costs.Seconds(size, 1), 0.1);
        Near(truth.Seconds(size, atOnce), pace.Costs.Seconds(size, atOnce), 0.1);
    }

    [Fact]
    public void Measurements_that_vary_by_a_third_leave_an_estimate_that_varies_less()
    {
        var random = new Random(7);
        var size = new MoveSize(10_000, 40 << 20);
        var pace = Pace.From(Assumed);
        for (var turn = 0; turn < 60; turn++)
        {
            pace = pace.Learn(size, 1, 8 * (0.7 + (0.6 * random.NextDouble())));
            if (turn > 5)
            {
                Near(8, pace.Costs.Seconds(size, 1), 0.25);
            }
        }
    }

    [Fact]
    public void A_disk_that_stalled_once_does_not_teach_what_moves_cost()
    {
        var size = new MoveSize(10_000, 40 << 20);
        var pace = Pace.From(Assumed);
        for (var turn = 0; turn < 10; turn++)
        {
            pace = pace.Learn(size, 1, 2);
        }

        Assert.True(pace.Learn(size, 1, 600).Costs.Seconds(size, 1) < 4);
    }

    [Fact]
    public void A_link_that_has_become_slower_is_believed_after_some_moves()
    {
        var size = new MoveSize(16, 1 << 30);
        var pace = Pace.From(Assumed);
        for (var turn = 0; turn < 20; turn++)
        {
            pace = pace.Learn(size, 1, 5);
        }

        for (var turn = 0; turn < 6; turn++)
        {
            pace = pace.Learn(size, 1, 40);
        }

        Near(40, pace.Costs.Seconds(size, 1), 0.15);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_duration_that_cannot_be_teaches_nothing(double seconds)
    {
        var pace = Pace.From(Assumed);

        Assert.Same(pace, pace.Learn(new MoveSize(1, 1), 1, seconds));
    }

    [Fact]
    public void Costs_stay_finite_and_above_nothing_whatever_is_measured()
    {
        var random = new Random(3);
        var pace = Pace.From(Assumed);
        for (var turn = 0; turn < 2_000; turn++)
        {
            var size = new MoveSize((long)Math.Pow(10, 8 * random.NextDouble()), (long)Math.Pow(10, 13 * random.NextDouble()));
            pace = pace.Learn(size, random.Next(1, 64), Math.Pow(10, (9 * random.NextDouble()) - 4));
            var costs = pace.Costs;
            double[] all = [costs.Fixed, costs.PerObject, costs.PerByte, costs.Parallel];
            Assert.All(
                all,
                cost => Assert.True(cost > 0 && double.IsFinite(cost)));
        }
    }

    [Fact]
    public void A_link_measured_as_narrow_makes_bytes_cost_what_it_can_carry()
    {
        var link = new LinkMeasure(
            TimeSpan.FromMilliseconds(180), BytesPerSecond: 25e6, TimeSpan.FromMicroseconds(6), DiskBytesPerSecond: 1e9);
        var there = new PairMeasure(link, ToSource: TimeSpan.Zero, ToTarget: TimeSpan.FromMilliseconds(180));

        var costs = AssumedCosts.Of(there).Turn.Costs;

        // 1 GB at 200 Mbit/s is 40 s; four steps and one round trip of 180 ms are 0.9 s, and back it is six steps.
        Near(40, costs.WorkSeconds(new MoveSize(1, 1_000_000_000)), 0.01);
        Assert.InRange(costs.Fixed, 0.9, 1.1);
        var back = there with { ToSource = there.ToTarget, ToTarget = there.ToSource };
        Near(costs.Fixed + 0.36, AssumedCosts.Of(back).Turn.Costs.Fixed, 0.01);
        Assert.False(there.IsAlikeBack);
        Assert.True(BesideControl(link).IsAlikeBack);
    }

    [Fact]
    public void A_target_whose_disk_is_slow_makes_bytes_cost_what_it_can_write_however_many_move()
    {
        var slow = new LinkMeasure(
            TimeSpan.FromMilliseconds(1), BytesPerSecond: 1e9, TimeSpan.FromMicroseconds(6), DiskBytesPerSecond: 50e6);

        var costs = AssumedCosts.Of(BesideControl(slow)).Turn.Costs;

        Near(20, costs.WorkSeconds(new MoveSize(1, 1_000_000_000)), 0.01);
        Assert.InRange(costs.Parallel, 1, 1.1);
        var unknown = AssumedCosts.Of(BesideControl(slow with { DiskBytesPerSecond = 0 })).Turn.Costs;
        Assert.InRange(unknown.WorkSeconds(new MoveSize(1, 1_000_000_000)), 1, 10);
    }

    [Fact]
    public void The_rate_of_a_link_is_that_of_the_second_half()
    {
        // Doubling every 100 ms until it is 10 MB/s: a mean over all of it would say less.
        (double, long)[] come =
        [
            (0, 10_000), (0.1, 20_000), (0.2, 40_000), (0.3, 100_000), (0.4, 1_000_000), (0.5, 2_000_000), (0.6, 3_000_000),
            (0.7, 4_000_000),
        ];

        Near(10e6, LinkProbe.RateOf(come), 0.01);
        Assert.Equal(0, LinkProbe.RateOf([]));
        Assert.Equal(0, LinkProbe.RateOf([(0, 1)]));
    }

    private static PairMeasure BesideControl(LinkMeasure link) => new(link, TimeSpan.Zero, TimeSpan.Zero);

    private static void Near(double expected, double actual, double share)
        => Assert.InRange(actual, expected * (1 - share), expected * (1 + share));
}
