using System.Reflection;
using Domicile.Server.Tests.Attacks;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Clients;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Relay;

public sealed class RouteTests
{
    // They choose where their requests enter, or hold up one region.
    private static readonly Type[] OfOneRoute =
    [
        typeof(RoutingTests), typeof(SilentConnectionTests), typeof(StockClientTests), typeof(HostileRelayTests),
    ];

    /// <summary>Goal: no test of S3 is left out of the comparison between the home and the relays.</summary>
    [Fact]
    public void Every_test_of_s3_runs_at_the_home_and_through_one_relay_and_through_two()
    {
        var all = typeof(RouteTests).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(S3Tests)) && !type.IsAbstract).ToList();

        foreach (var test in all.Where(type => RouteOf(type) == Route.Home).Except(OfOneRoute))
        {
            Assert.Equal(
                [Route.OneRelay, Route.TwoRelays],
                all.Where(type => type.BaseType == test).Select(RouteOf).Order());
        }
    }

    private static Route RouteOf(Type type) => type.GetCustomAttribute<ThroughAttribute>()?.Route ?? Route.Home;
}
