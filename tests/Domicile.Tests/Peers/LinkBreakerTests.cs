using Domicile.Server.Peers;
using Xunit;

namespace Domicile.Tests.Peers;

public sealed class LinkBreakerTests
{
    private readonly ManualTime _time = new();
    private readonly LinkBreaker _link;

    public LinkBreakerTests() => _link = new LinkBreaker(_time);

    [Fact]
    public void A_link_is_broken_after_failures_in_a_row_and_not_after_as_many_among_successes()
    {
        for (var i = 0; i < 3 * PeerLimits.RelayFailuresMax; i++)
        {
            Fail();
            if (i % 2 == 0)
            {
                _link.Succeeded();
            }
        }

        Assert.False(_link.IsBroken);
        Break();
        Assert.True(_link.IsBroken);
        Assert.Null(_link.TryPass());
    }

    [Fact]
    public void A_broken_link_lets_one_request_through_at_a_time_and_the_first_success_mends_it()
    {
        Break();
        _time.Advance(PeerLimits.BrokenFirst);
        Assert.Equal(LinkTry.Probe, _link.TryPass());
        Assert.Null(_link.TryPass());

        _link.Succeeded();
        Assert.False(_link.IsBroken);
        Assert.Equal(LinkTry.Ordinary, _link.TryPass());
        Assert.Equal(LinkTry.Ordinary, _link.TryPass());
    }

    [Fact]
    public void Each_probe_that_fails_doubles_the_time_to_the_next_up_to_a_bound()
    {
        Break();
        var delay = PeerLimits.BrokenFirst;
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(delay - TimeSpan.FromMilliseconds(1));
            Assert.Null(_link.TryPass());
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(LinkTry.Probe, _link.TryPass());
            _link.Failed(LinkTry.Probe);
            delay = TimeSpan.FromTicks(Math.Min(2 * delay.Ticks, PeerLimits.BrokenMax.Ticks));
        }

        Assert.Equal(PeerLimits.BrokenMax, delay);
    }

    [Fact]
    public void What_was_under_way_when_the_link_broke_makes_nothing_worse()
    {
        Break();
        _link.Failed(LinkTry.Ordinary);
        _link.Failed(LinkTry.Ordinary);
        _time.Advance(PeerLimits.BrokenFirst);
        Assert.Equal(LinkTry.Probe, _link.TryPass());
    }

    // Goal: a client that leaves while its request is the probe, doesn't keep the others waiting; nor does one that hangs.
    [Fact]
    public void A_probe_of_which_nothing_becomes_is_followed_by_the_next()
    {
        Break();
        _time.Advance(PeerLimits.BrokenFirst);
        Assert.Equal(LinkTry.Probe, _link.TryPass());
        _link.Abandoned(LinkTry.Probe);
        Assert.Equal(LinkTry.Probe, _link.TryPass());

        _time.Advance(PeerLimits.BrokenMax);
        Assert.Equal(LinkTry.Probe, _link.TryPass());
    }

    private void Break()
    {
        for (var i = 0; i < PeerLimits.RelayFailuresMax; i++)
        {
            Fail();
        }
    }

    private void Fail() => _link.Failed(Assert.NotNull(_link.TryPass()));
}
