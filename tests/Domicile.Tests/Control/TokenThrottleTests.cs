using Domicile.Control;
using Xunit;

namespace Domicile.Tests.Control;

/// <summary>Who guesses waits; nobody else does.</summary>
public sealed class TokenThrottleTests
{
    private readonly ManualTime _time = new();
    private readonly TokenThrottle _throttle;

    public TokenThrottleTests() => _throttle = new TokenThrottle(_time);

    [Fact]
    public void After_ten_failures_a_source_waits_twice_as_long_each_time_up_to_a_minute()
    {
        for (var failure = 0; failure < 9; failure++)
        {
            _throttle.Fail("10.0.0.1");
            Assert.Null(_throttle.WaitOf("10.0.0.1"));
        }

        var waits = new List<double>();
        for (var failure = 0; failure < 8; failure++)
        {
            _throttle.Fail("10.0.0.1");
            var wait = _throttle.WaitOf("10.0.0.1")!.Value;
            waits.Add(wait.TotalSeconds);
            _time.Advance(wait);
            Assert.Null(_throttle.WaitOf("10.0.0.1"));
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], waits);
    }

    [Fact]
    public void A_quarter_of_an_hour_after_its_last_failure_a_source_begins_anew()
    {
        Fail("10.0.0.1", 12);
        _time.Advance(TimeSpan.FromMinutes(15));

        Fail("10.0.0.1", 9);

        Assert.Null(_throttle.WaitOf("10.0.0.1"));
    }

    // Goal: however many guess from however many places, one who has not failed is looked at.
    [Fact]
    public void Guesses_from_everywhere_cost_a_new_source_its_second_failure_and_nobody_his_first()
    {
        for (var source = 0; source < 10_000; source++)
        {
            Assert.Null(_throttle.WaitOf($"source {source}"));
            _throttle.Fail($"source {source}");
        }

        Assert.Null(_throttle.WaitOf("the operator's"));
        _throttle.Fail("the operator's");
        Assert.Equal(TimeSpan.FromSeconds(1), _throttle.WaitOf("the operator's"));

        // And a minute after it is over, each has its few failures again.
        _time.Advance(TimeSpan.FromMinutes(1));
        Fail("another's", 9);
        Assert.Null(_throttle.WaitOf("another's"));
    }

    [Fact]
    public void Only_so_many_sources_are_remembered_and_the_one_longest_ago_is_forgotten_first()
    {
        Fail("first", 10);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Fail("second", 10);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        for (var source = 0; source < ControlLimits.TokenSourcesMax - 1; source++)
        {
            _throttle.Fail($"source {source}");
        }

        Assert.Null(_throttle.WaitOf("first"));
        Assert.NotNull(_throttle.WaitOf("second"));
    }

    private void Fail(string source, int times)
    {
        for (var time = 0; time < times; time++)
        {
            _throttle.Fail(source);
        }
    }
}
