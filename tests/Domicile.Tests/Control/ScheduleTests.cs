using Domicile.Accounts;
using Domicile.Control;
using Xunit;

namespace Domicile.Tests.Control;

public sealed class ScheduleTests
{
    private static readonly RegionName Beijing = RegionName.Parse("beijing");
    private static readonly RegionName Singapore = RegionName.Parse("singapore");
    private static readonly RegionName Sydney = RegionName.Parse("sydney");
    private static readonly RegionName Tokyo = RegionName.Parse("tokyo");

    [Fact]
    public void Nothing_takes_no_time()
        => Assert.Empty(Schedule.Ends([], 4));

    [Fact]
    public void Moves_that_take_turns_end_one_after_the_other_and_erase_meanwhile()
        => Equal([3, 5, 9], Schedule.Ends([Move(@fixed: 2, after: 1), Move(@fixed: 2, after: 1), Move(work: 2, after: 3)], 1));

    [Fact]
    public void Round_trips_overlap_but_work_is_shared()
    {
        // Two on one link: 1 s of round trips each, at once; then 4 s of work each, at half the speed.
        Equal([9, 9], Schedule.Ends([Move(@fixed: 1, work: 4), Move(@fixed: 1, work: 4)], 2));
        Equal([5, 5], Schedule.Ends([Move(@fixed: 1, work: 4, parallel: 2), Move(@fixed: 1, work: 4, parallel: 2)], 2));
    }

    [Fact]
    public void Whoever_is_left_alone_is_faster()
    {
        // Both run at half speed until the short one is done at 2 s; the long one has 3 s of its 4 left.
        Equal([2, 5], Schedule.Ends([Move(work: 1), Move(work: 4)], 2));
    }

    [Fact]
    public void Moves_between_other_regions_do_not_slow_each_other_down()
        => Equal(
            [4, 4],
            Schedule.Ends([Move(work: 4), Move(work: 4) with { Source = Sydney, Target = Tokyo }], 2));

    [Fact]
    public void A_move_that_is_not_requested_yet_waits_and_so_do_those_behind_it()
        => Equal([12, 13], Schedule.Ends([Move(@fixed: 2) with { ReadyAfter = 10 }, Move(@fixed: 1)], 1));

    [Fact]
    public void The_sum_of_work_is_a_bound_that_no_number_of_turns_beats()
    {
        var random = new Random(5);
        for (var round = 0; round < 200; round++)
        {
            var moves = Enumerable.Range(0, random.Next(1, 40)).Select(_ => Move(random.NextDouble(), 5 * random.NextDouble()))
                .ToList();
            var one = Schedule.Ends(moves, 1).Max();
            var many = Schedule.Ends(moves, random.Next(2, 65)).Max();

            Assert.Equal(moves.Sum(move => move.Fixed + move.Work), one, 6);
            Assert.InRange(many, moves.Sum(move => move.Work), one + 1e-6);
        }
    }

    [Fact]
    public void Ten_thousand_moves_are_scheduled()
    {
        var ends = Schedule.Ends([.. Enumerable.Repeat(Move(0.5, 0.5, parallel: 64), 10_000)], 64);

        Assert.Equal(10_000 / 64.0, ends.Max(), 1.0);
    }

    private static ScheduledMove Move(double @fixed = 0, double work = 0, double parallel = 1, double after = 0)
        => new(Beijing, Singapore, 0, @fixed, work, parallel, after);

    private static void Equal(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 6));
    }
}
