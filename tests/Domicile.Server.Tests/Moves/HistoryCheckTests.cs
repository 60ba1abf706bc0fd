using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>The checker must find what it is there to find: each bad history here is made by hand.</summary>
public sealed class HistoryCheckTests
{
    [Fact]
    public void A_history_whose_answers_all_fit_one_order_passes()
        => AssertFine(
            Put("a", 0, 10), Get("a", 11, 20), Put("b", 15, 30), Get("a", 16, 25), Get("b", 16, 24), Get("b", 31, 35),
            Delete(40, 50), Get("b", 41, 44), Get(null, 45, 60), Get(null, 51, 60), PutIfAbsent("c", 70, 80),
            CompareAndSet("c", "d", 81, 90), Refused(CompareAndSet("c", "e", 85, 99)), Get("d", 95, 97));

    [Fact]
    public void A_write_without_an_answer_may_happen_late_or_never()
    {
        AssertFine(Put("a", 0, 10), Unanswered(Put("b", 5, 0)), Get("a", 11, 20), Get("b", 21, 30), Get("b", 31, 40));
        AssertFine(Put("a", 0, 10), Unanswered(Put("b", 5, 0)), Get("a", 11, 20), Get("a", 31, 40));
    }

    [Fact]
    public void A_write_without_an_answer_can_not_happen_twice()
        => AssertFound(
            ViolationKind.NotLinearizable,
            Put("a", 0, 10), Unanswered(Put("b", 5, 0)), Get("b", 11, 20), Put("c", 15, 18), Get("c", 21, 30), Get("b", 31, 40));

    [Fact]
    public void A_lost_write_is_found()
    {
        AssertFound(ViolationKind.LostWrite, Put("a", 0, 10), Put("b", 11, 20), Get("a", 21, 30));
        AssertFound(ViolationKind.LostWrite, Put("a", 0, 10), Get(null, 21, 30));
        AssertFound(ViolationKind.LostWrite, Delete(0, 5), Put("a", 6, 10), Get(null, 21, 30));
    }

    [Fact]
    public void A_stale_read_is_found()
    {
        AssertFound(ViolationKind.StaleRead, Put("a", 0, 10), Put("b", 11, 20), Get("b", 21, 30), Get("a", 31, 40));
        AssertFound(ViolationKind.StaleRead, Put("a", 0, 10), Get("a", 21, 30), Get(null, 31, 40));
    }

    // Both reads fall into the write of b, so either may be right; but not in this order.
    [Fact]
    public void A_read_older_than_an_earlier_read_is_found()
        => AssertFound(ViolationKind.NotLinearizable, Put("a", 0, 10), Put("b", 11, 90), Get("b", 21, 30), Get("a", 31, 40));

    [Fact]
    public void A_resurrected_object_is_found()
        => AssertFound(ViolationKind.Resurrected, Put("a", 0, 10), Delete(11, 20), Get("a", 21, 30));

    [Fact]
    public void A_value_that_nobody_wrote_is_found()
    {
        AssertFound(ViolationKind.ReadFromNowhere, Put("a", 0, 10), Get("z", 11, 20));
        AssertFound(ViolationKind.ReadFromNowhere, Get("a", 0, 10), Put("a", 11, 20));
        AssertFound(ViolationKind.ReadFromNowhere, Refused(PutIfAbsent("a", 0, 10)), Get("a", 11, 20));
    }

    [Fact]
    public void Two_winners_of_one_comparison_are_found()
        => AssertFound(
            ViolationKind.SplitBrain, Put("a", 0, 10), CompareAndSet("a", "b", 11, 20), CompareAndSet("a", "c", 12, 22));

    [Fact]
    public void Two_writes_that_each_found_nothing_there_are_found()
        => AssertFound(ViolationKind.NotLinearizable, PutIfAbsent("a", 0, 10), PutIfAbsent("b", 5, 20));

    [Fact]
    public void A_condition_refused_without_cause_is_found()
    {
        AssertFound(ViolationKind.NotLinearizable, Refused(PutIfAbsent("a", 0, 10)));
        AssertFound(ViolationKind.NotLinearizable, Put("a", 0, 10), Refused(CompareAndSet("a", "b", 11, 20)));
    }

    // Writes a and b overlap, so either order is right, but all readers must see the same one.
    [Fact]
    public void Two_orders_of_the_same_writes_are_found()
        => AssertFound(
            ViolationKind.NotLinearizable, Put("a", 0, 10), Put("b", 0, 10), Get("a", 11, 20), Get("b", 21, 30), Get("a", 31, 40));

    [Fact]
    public void Keys_are_judged_each_alone()
        => Assert.Empty(HistoryCheck.Check([Put("a", 0, 10), Get(null, 11, 20) with { Key = "other" }]));

    [Fact]
    public void Many_concurrent_writes_are_judged_in_moderate_time()
    {
        var history = new List<Operation>();
        for (var i = 0; i < 300; i++)
        {
            var start = i * 10L;
            history.Add(Put($"a{i}", start, start + 25));
            history.Add(Get($"a{i}", start + 9, start + 30));
        }

        Assert.Empty(HistoryCheck.Check(history));
    }

    [Fact]
    public void Versions_in_the_order_of_their_writing_pass()
        => Assert.Empty(VersionCheck.Check(
            [Version(Put("a", 0, 10), "1"), Version(Delete(11, 20), "2"), Unanswered(Put("c", 12, 0))],
            [Listed("9", "c", 3), Listed("2", null, 3), Listed("1", "a", 1)]));

    [Fact]
    public void A_lost_version_is_found()
        => AssertFound(ViolationKind.LostVersion, [Version(Put("a", 0, 10), "1")], []);

    [Fact]
    public void A_lost_delete_marker_is_found()
        => AssertFound(
            ViolationKind.LostVersion, [Version(Put("a", 0, 10), "1"), Version(Delete(11, 20), "2")], [Listed("1", "a", 1)]);

    [Fact]
    public void A_version_that_nobody_wrote_is_found()
        => AssertFound(ViolationKind.UnknownVersion, [], [Listed("1", "a", 1)]);

    [Fact]
    public void A_version_with_other_bytes_is_found()
        => AssertFound(ViolationKind.UnknownVersion, [Version(Put("a", 0, 10), "1")], [Listed("1", "b", 1)]);

    [Fact]
    public void Versions_in_a_wrong_order_are_found()
        => AssertFound(
            ViolationKind.Reordered,
            [Version(Put("a", 0, 10), "1"), Version(Put("b", 5, 20), "2"), Version(Put("c", 11, 20), "3")],
            [Listed("1", "a", 1), Listed("2", "b", 1), Listed("3", "c", 1)]);

    [Fact]
    public void Dates_that_go_back_are_found()
        => AssertFound(
            ViolationKind.Reordered, [Version(Put("a", 0, 10), "1"), Version(Put("b", 11, 20), "2")],
            [Listed("2", "b", 1), Listed("1", "a", 2)]);

    private static void AssertFine(params Operation[] history) => Assert.Empty(HistoryCheck.Check(history));

    private static void AssertFound(ViolationKind kind, params Operation[] history)
        => Assert.Equal(kind, Assert.Single(HistoryCheck.Check(history)).Kind);

    private static void AssertFound(ViolationKind kind, Operation[] history, ListedVersion[] listed)
        => Assert.Equal(kind, Assert.Single(VersionCheck.Check(history, listed)).Kind);

    private static Operation Put(string value, long from, long to) => Done(OperationKind.Put, value, from, to);

    private static Operation PutIfAbsent(string value, long from, long to) => Done(OperationKind.PutIfAbsent, value, from, to);

    private static Operation CompareAndSet(string expected, string value, long from, long to)
        => Done(OperationKind.CompareAndSet, value, from, to) with { Expected = expected };

    private static Operation Delete(long from, long to) => Done(OperationKind.Delete, null, from, to);

    private static Operation Get(string? value, long from, long to) => Done(OperationKind.Get, value, from, to);

    private static Operation Done(OperationKind kind, string? value, long from, long to)
        => new("client", "key", kind, value, from) { Outcome = OperationOutcome.Done, ReturnedAt = to };

    private static Operation Refused(Operation one) => one with { Outcome = OperationOutcome.Refused };

    private static Operation Unanswered(Operation one)
        => one with { Outcome = OperationOutcome.Unknown, ReturnedAt = long.MaxValue };

    private static Operation Version(Operation one, string id) => one with { VersionId = id };

    private static ListedVersion Listed(string id, string? value, int second)
        => new("key", id, value, DateTime.UnixEpoch.AddSeconds(second));
}
