using System.Net;
using System.Net.Sockets;

namespace Domicile.Deployments;

/// <summary>
/// Picks the peer and management endpoints that the config leaves open: those of the last time, if free; else the
/// port of listen + 10000 (peer) and + 20000 (management), if valid and free; else any free port. Loopback only.
/// </summary>
internal sealed class EndpointPlan
{
    public const int PeerOffset = 10_000;
    public const int ManagementOffset = 20_000;

    private const int AttemptsMax = 100;

    private readonly Endpoints? _last;
    private readonly HashSet<int> _taken;

    private EndpointPlan(DeploymentConfig config, Endpoints? last)
    {
        _last = last;
        IEnumerable<Uri?> named =
        [
            config.Control.Listen, config.Control.Peer, config.Control.Management,
            .. config.Regions.SelectMany(region => new[] { region.Listen, region.Peer, region.Management }),
        ];
        _taken = [.. named.OfType<Uri>().Select(url => url.Port)];
    }

    /// <summary>Reads DIR/control/endpoints.json if it is there, and writes nothing.</summary>
    /// <remarks>Another program may take a port between this and the start; the start then fails and says so.</remarks>
    public static Endpoints Resolve(DeploymentConfig config, string dataDirectory)
    {
        var plan = new EndpointPlan(config, Endpoints.Load(dataDirectory));
        var control = config.Control;
        return new Endpoints(
            plan.Pick(new ProcessRole.Control(), control.Listen, control.Peer, control.Management),
            config.Regions.ToDictionary(region => region.Facts.Name, plan.Pick));
    }

    /// <summary>
    /// For endpoints that were chosen before: regions keep theirs, new ones get some, and those of regions that the config has no
    /// more are gone. Writes nothing.
    /// </summary>
    /// <param name="before">
    /// The config for which they were chosen: of what it said otherwise they are chosen anew. Null: of nothing.
    /// </param>
    public static Endpoints Extend(Endpoints chosen, DeploymentConfig config, DeploymentConfig? before = null)
    {
        var plan = new EndpointPlan(config, chosen);
        var kept = config.Regions.Where(region => chosen.Regions.ContainsKey(region.Facts.Name) && IsSame(region, before))
            .Select(region => region.Facts.Name).ToHashSet();
        plan._taken.UnionWith(PortsOf(chosen.Control).Concat(kept.SelectMany(name => PortsOf(chosen.Regions[name]))));
        return chosen with
        {
            Regions = config.Regions.ToDictionary(
                region => region.Facts.Name,
                region => kept.Contains(region.Facts.Name) ? chosen.Regions[region.Facts.Name] : plan.Pick(region)),
        };
    }

    private static bool IsSame(RegionConfig region, DeploymentConfig? before)
        => before?.Find(region.Facts.Name) is not { } was
            || (was.Listen == region.Listen && was.Peer == region.Peer && was.Management == region.Management);

    private static int[] PortsOf(ProcessEndpoints process) => [process.Listen.Port, process.Peer.Port, process.Management.Port];

    private ProcessEndpoints Pick(RegionConfig region)
        => Pick(new ProcessRole.Region(region.Facts.Name), region.Listen, region.Peer, region.Management);

    private ProcessEndpoints Pick(ProcessRole role, Uri listen, Uri? peer, Uri? management)
    {
        var last = LastOf(role) is { } endpoints && endpoints.Listen.Port == listen.Port
            && endpoints.Listen.Host == listen.Host ? endpoints : null;
        return new ProcessEndpoints(
            listen,
            peer ?? Loopback(Uri.UriSchemeHttps, PickPort(last?.Peer.Port, listen.Port + PeerOffset)),
            management ?? Loopback(Uri.UriSchemeHttp, PickPort(last?.Management.Port, listen.Port + ManagementOffset)));
    }

    private ProcessEndpoints? LastOf(ProcessRole role)
        => role is ProcessRole.Region { Name: var name } ? _last?.Regions.GetValueOrDefault(name) : _last?.Control;

    private int PickPort(int? last, int derived)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            // Port 0 asks the system for a free one.
            var wanted = attempt switch { 0 => last ?? derived, 1 => derived, _ => 0 };
            if (TryBind(wanted) is { } port && _taken.Add(port))
            {
                return port;
            }
        }

        throw new IOException("Can't find a free port on 127.0.0.1; name 'peer' and 'management' ports in the config.");
    }

    private static int? TryBind(int port)
    {
        if (port > IPEndPoint.MaxPort)
        {
            return null;
        }

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen();
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        catch (SocketException)
        {
            // In use, or not allowed (a low port): another one will do.
            return null;
        }
    }

    private static Uri Loopback(string scheme, int port) => new($"{scheme}://127.0.0.1:{port}");
}
