using System.Net;
using System.Net.Sockets;
using Domicile.Accounts;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>Which ports a deployment's processes get where the config names none.</summary>
public sealed class EndpointPlanTests
{
    private static readonly RegionName Region = RegionName.Parse("a");

    [Fact]
    public void Ports_are_derived_from_listen_where_those_are_free()
    {
        using var scratch = new ScratchDirectory();
        var listen = FindBase();

        var endpoints = EndpointPlan.Resolve(Config(listen, listen + 1), scratch.Path);

        Assert.Equal(new Uri($"https://127.0.0.1:{listen + 10_000}"), endpoints.Control.Peer);
        Assert.Equal(new Uri($"http://127.0.0.1:{listen + 20_000}"), endpoints.Control.Management);
        Assert.Equal(new Uri($"https://127.0.0.1:{listen + 10_001}"), endpoints.Of(new ProcessRole.Region(Region)).Peer);
    }

    [Fact]
    public void A_taken_or_impossible_port_is_replaced_by_a_free_one()
    {
        using var scratch = new ScratchDirectory();
        var listen = FindBase();
        using var other = Listen(listen + 10_000);

        var endpoints = EndpointPlan.Resolve(Config(listen, 65_000), scratch.Path);

        var region = endpoints.Regions[Region];
        int[] ports =
        [
            endpoints.Control.Peer.Port, endpoints.Control.Management.Port, region.Peer.Port, region.Management.Port,
            listen, 65_000, listen + 10_000,
        ];
        Assert.Equal(ports.Length, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 1, 65_535));
        using var free = Listen(endpoints.Control.Peer.Port);
    }

    // Goal: whoever runs is found where it was, though its ports are taken: by itself.
    [Fact]
    public void A_deployment_that_runs_keeps_its_endpoints_while_a_region_is_added_changed_and_removed()
    {
        using var scratch = new ScratchDirectory();
        var listen = FindBase();
        var before = Config(listen, listen + 1);
        var chosen = EndpointPlan.Resolve(before, scratch.Path);
        using var running = Listen(chosen.Regions[Region].Peer.Port);
        var added = before.Regions[0] with
        {
            Facts = before.Regions[0].Facts with { Name = RegionName.Parse("b") },
            Listen = new Uri($"http://127.0.0.1:{listen + 2}"),
        };

        var two = EndpointPlan.Extend(chosen, before with { Regions = [.. before.Regions, added] }, before);
        Assert.Equal(chosen.Control, two.Control);
        Assert.Equal(chosen.Regions[Region], two.Regions[Region]);
        Assert.Equal(listen + 10_002, two.Regions[added.Facts.Name].Peer.Port);

        var elsewhere = before.Regions[0] with { Peer = new Uri("https://10.0.0.9:1") };
        var changed = EndpointPlan.Extend(two, before with { Regions = [elsewhere] }, before);
        Assert.Equal(elsewhere.Peer, Assert.Single(changed.Regions).Value.Peer);

        // At a start nobody knows what was said before: what was chosen counts.
        Assert.Equal(chosen.Regions[Region], EndpointPlan.Extend(two, before with { Regions = [elsewhere] }).Regions[Region]);
    }

    [Fact]
    public void Two_processes_whose_derived_ports_meet_get_different_ones()
    {
        using var scratch = new ScratchDirectory();
        var listen = FindBase();

        // The region's peer port would be control's management port.
        var endpoints = EndpointPlan.Resolve(Config(listen, listen + 10_000), scratch.Path);

        Assert.NotEqual(listen + 10_000, endpoints.Control.Peer.Port);
        Assert.NotEqual(endpoints.Control.Management.Port, endpoints.Regions[Region].Peer.Port);
    }

    [Fact]
    public void The_ports_of_the_last_time_are_used_again()
    {
        using var scratch = new ScratchDirectory();
        var listen = FindBase();
        Endpoints first;
        using (Listen(listen + 10_000))
        {
            first = EndpointPlan.Resolve(Config(listen, listen + 1), scratch.Path);
            first.Save(scratch.Path);
        }

        var again = EndpointPlan.Resolve(Config(listen, listen + 1), scratch.Path);

        Assert.Equal(first.Control, again.Control);
        Assert.Equal(first.Regions, again.Regions);
    }

    [Fact]
    public void What_is_saved_is_loaded_and_what_is_no_such_file_is_not()
    {
        using var scratch = new ScratchDirectory();
        Assert.Null(Endpoints.Load(scratch.Path));

        var endpoints = EndpointPlan.Resolve(Config(FindBase(), 65_000), scratch.Path);
        endpoints.Save(scratch.Path);

        var loaded = Endpoints.Load(scratch.Path)!;
        Assert.Equal(endpoints.Control, loaded.Control);
        Assert.Equal(endpoints.Regions, loaded.Regions);
        foreach (var broken in new[] { "", "{", "null", "{}", "[]", """{"control":null,"regions":{}}""" })
        {
            scratch.Write("control/endpoints.json", broken);
            Assert.Null(Endpoints.Load(scratch.Path));
        }
    }

    [Fact]
    public void Endpoints_that_the_config_names_are_taken_as_they_are()
    {
        using var scratch = new ScratchDirectory();
        var config = Config(9000, 9101, ", peer: 'https://10.0.0.1:9443', management: 'http://127.0.0.1:9444'");

        var region = EndpointPlan.Resolve(config, scratch.Path).Regions[Region];

        Assert.Equal(new Uri("https://10.0.0.1:9443"), region.Peer);
        Assert.Equal(new Uri("http://127.0.0.1:9444"), region.Management);
    }

    private static DeploymentConfig Config(int control, int region, string more = "")
        => Assert.IsType<ConfigResult.Ok>(DeploymentConfig.Parse(
            $$"""
            deployment: demo
            control: { listen: http://127.0.0.1:{{control}} }
            policy: policy.yaml
            regions:
              a:
                { listen: http://127.0.0.1:{{region}}, country: SG, operator: { name: A, country: US },
                  owner: { name: B, country: CN }, custodian: { kind: local, country: SG }{{more}} }
            """,
            "domicile.yaml")).Config;

    /// <summary>A port whose neighbour, and theirs 10,000 and 20,000 and 30,000 above, are free just now.</summary>
    private static int FindBase()
    {
        int[] offsets = [0, 1, 10_000, 10_001, 20_000, 20_001, 30_000];
        return Enumerable.Range(0, 500).Select(n => 12_100 + (n * 11)).First(port => offsets.All(offset => IsFree(port + offset)));
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = Listen(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Socket Listen(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
