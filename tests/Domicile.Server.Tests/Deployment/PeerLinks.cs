using System.Net;
using Domicile.Cli.Local;
using Domicile.Deployments;
using Domicile.Links;

namespace Domicile.Server.Tests.Deployment;

/// <summary>
/// Links between the processes of a deployment, one for each pair and way. Every process finds the others in
/// control/endpoints.json below its data directory: here each has a data directory of its own, made of links to the real
/// one, whose file names the links instead of the others' listeners.
/// </summary>
internal sealed class PeerLinks : IAsyncDisposable
{
    private const string ControlName = "control";
    private const string ViewsName = "views";

    private readonly LocalDeployment _plan;
    private readonly Dictionary<(string Caller, string Called), Link> _links;

    private PeerLinks(LocalDeployment plan, Dictionary<(string Caller, string Called), Link> links)
        => (_plan, _links) = (plan, links);

    public static PeerLinks Lay(LocalDeployment plan, LinkTerms terms) => Lay(plan, (_, _) => terms);

    /// <param name="termsOf">By who calls and who is called; null: no link lies between them, they meet directly.</param>
    public static PeerLinks Lay(LocalDeployment plan, Func<string, string, LinkTerms?> termsOf)
    {
        var names = plan.Roles.ToDictionary(role => role.DirectoryName);
        var pairs = names.Keys.SelectMany(caller => names.Keys.Select(called => (caller, called)))
            .Where(pair => pair.caller != pair.called && termsOf(pair.caller, pair.called) is not null);
        var links = new PeerLinks(
            plan,
            pairs.ToDictionary(
                pair => pair,
                pair => Link.Open(
                    IPEndPoint.Parse(plan.EndpointsOf(names[pair.called]).Peer.Authority), termsOf(pair.caller, pair.called))));
        names.Values.ToList().ForEach(links.SaveView);
        return links;
    }

    public Link Of(string caller, string called) => _links[(caller, called)];

    /// <summary>The deployment as one process sees it.</summary>
    public LocalDeployment ViewOf(string process)
        => process == ControlName ? _plan : _plan with { Directory = ViewPath(process) };

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links.Values)
        {
            await link.DisposeAsync();
        }
    }

    // Control's own directory is where the file lies: its view is the real directory.
    private void SaveView(ProcessRole viewer)
    {
        var name = viewer.DirectoryName;
        var endpoints = new Endpoints(
            Seen(name, new ProcessRole.Control()),
            _plan.Config.Regions.ToDictionary(
                region => region.Facts.Name, region => Seen(name, new ProcessRole.Region(region.Facts.Name))));
        if (viewer is ProcessRole.Region)
        {
            Directory.CreateDirectory(ViewPath(name));
            Directory.CreateSymbolicLink(Path.Combine(ViewPath(name), name), Path.Combine(_plan.Directory, name));
        }

        endpoints.Save(ViewOf(name).Directory);
    }

    private ProcessEndpoints Seen(string viewer, ProcessRole other)
    {
        var real = _plan.EndpointsOf(other);
        return _links.TryGetValue((viewer, other.DirectoryName), out var link)
            ? real with { Peer = new Uri($"https://{link.EndPoint}") } : real;
    }

    private string ViewPath(string process) => Path.Combine(_plan.Directory, ViewsName, process);
}
