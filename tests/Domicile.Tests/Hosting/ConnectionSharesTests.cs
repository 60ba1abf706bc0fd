using Domicile.Server.Hosting;
using Domicile.Server.S3.Bodies;
using Xunit;

namespace Domicile.Tests.Hosting;

public sealed class ConnectionSharesTests
{
    private readonly ManualTime _time = new();

    // Several requests at a time, as in HTTP/2: at work until the last has ended.
    [Fact]
    public void A_connection_is_at_work_while_any_of_its_requests_is_open()
    {
        var shares = new ConnectionShares(allMax: 1, eachMax: 1, TimeProvider.System);
        var closed = 0;
        var first = shares.Enter("a", () => closed++);
        first!.Begin();
        first.Begin();
        first.End();
        Assert.Null(shares.Enter("a", () => { }));

        first.End();
        Assert.NotNull(shares.Enter("a", () => { }));
        Assert.Equal(1, closed);
    }

    // Goal: a client that rests between two requests is not displaced by who floods from its address.
    [Fact]
    public void Whoever_was_served_is_displaced_after_all_who_never_were()
    {
        var shares = new ConnectionShares(allMax: 10, eachMax: 3, _time);
        var closed = new List<string>();
        Enter(shares, "a", closed, "client")!.IsServed = true;
        _time.Advance(TimeSpan.FromSeconds(1));
        Enter(shares, "a", closed, "first");
        _time.Advance(TimeSpan.FromSeconds(1));
        Enter(shares, "a", closed, "second");

        Enter(shares, "a", closed, "third");
        Enter(shares, "a", closed, "fourth");

        Assert.Equal(["first", "second"], closed);
    }

    [Fact]
    public void A_newcomer_displaces_the_one_of_his_own_that_waits_longest()
    {
        var shares = new ConnectionShares(allMax: 10, eachMax: 2, _time);
        var closed = new List<string>();
        Enter(shares, "a", closed, "first")!.Wait(isWaiting: false);
        Enter(shares, "a", closed, "second");
        Enter(shares, "b", closed, "other");

        Assert.NotNull(Enter(shares, "a", closed, "third"));

        Assert.Equal(["second"], closed);
    }

    [Fact]
    public void Where_all_of_a_party_are_at_work_its_newcomer_is_refused_and_nobody_else_is()
    {
        var shares = new ConnectionShares(allMax: 10, eachMax: 2, _time);
        var closed = new List<string>();
        var first = Enter(shares, "a", closed, "first")!;
        first.Wait(isWaiting: false);
        Enter(shares, "a", closed, "second")!.Wait(isWaiting: false);

        Assert.Null(Enter(shares, "a", closed, "third"));
        Assert.NotNull(Enter(shares, "b", closed, "other"));
        shares.Leave(first);
        Assert.NotNull(Enter(shares, "a", closed, "fourth"));
        Assert.Empty(closed);
    }

    [Fact]
    public void A_full_listener_makes_room_where_somebody_waits()
    {
        var shares = new ConnectionShares(allMax: 3, eachMax: 2, _time);
        var closed = new List<string>();
        Enter(shares, "a", closed, "first");
        Enter(shares, "a", closed, "second");
        Enter(shares, "b", closed, "other")!.Wait(isWaiting: false);

        Assert.NotNull(Enter(shares, "c", closed, "newcomer"));

        Assert.Equal(["first"], closed);
    }

    [Fact]
    public void What_is_reserved_nobody_else_takes()
    {
        var shares = new ConnectionShares(allMax: 3, eachMax: 2, _time, reserved: 1, "control");
        var closed = new List<string>();
        Enter(shares, "a", closed, "first")!.Wait(isWaiting: false);
        Enter(shares, "b", closed, "second")!.Wait(isWaiting: false);

        Assert.Null(Enter(shares, "c", closed, "third"));
        Assert.NotNull(Enter(shares, "control", closed, "control"));
        Assert.Empty(closed);
    }

    [Fact]
    public void One_that_was_displaced_leaves_nothing_behind()
    {
        var shares = new ConnectionShares(allMax: 1, eachMax: 1, _time);
        var closed = new List<string>();
        var first = Enter(shares, "a", closed, "first")!;
        Enter(shares, "a", closed, "second")!.Wait(isWaiting: false);
        shares.Leave(first);

        Assert.Null(Enter(shares, "a", closed, "third"));
    }

    [Fact]
    public void Bodies_of_the_unproven_have_so_much_memory_together_and_no_more()
    {
        var bodies = new UnprovenBodies(10);
        var first = bodies.TryTake(6)!;

        Assert.Null(bodies.TryTake(5));
        using var second = bodies.TryTake(4);
        Assert.NotNull(second);
        first.Dispose();
        first.Dispose();

        Assert.Equal(4, bodies.TakenBytes);
    }

    private ConnectionShares.Place? Enter(ConnectionShares shares, string party, List<string> closed, string name)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return shares.Enter(party, () => closed.Add(name));
    }
}
