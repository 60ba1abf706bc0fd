using System.CommandLine;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Moves;
using Spectre.Console;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile status</c>: what runs where; answers when things are down too.</summary>
internal static class StatusVerb
{
    private const string NotEnrolled = ", not enrolled";
    private const string Draining = ", draining";

    private static readonly TimeSpan HealthPatience = TimeSpan.FromSeconds(2);

    public static Command Create(CliHost host)
        => new VerbCommand("status", "Show the processes of a deployment", "domicile status", "domicile status --json | jq .regions")
            .Runs(host, PrintAsync);

    public static async Task<int> PrintAsync(VerbCall call, CancellationToken cancellationToken)
    {
        var status = call.Address.ControlUrl is null
            ? await LookAsync(call, cancellationToken) : await AskAsync(call, cancellationToken);
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(status, CliJson.Default.StatusDocument);
            return ExitCode.Done;
        }

        var table = Tables.New("process", "state", "pid", "endpoint", "management");
        table.Row("control", status.Control.State, status.Control.Pid?.ToString(), status.Control.Url, status.Control.Management);
        foreach (var region in status.Regions)
        {
            table.Row(region.Name, region.State, string.Join(' ', region.Pids), region.Url, region.Management);
        }

        call.Terminal.Print(table.Right(2));

        // While an upgrade is under way.
        foreach (var region in status.Regions.Where(one => one.Protocol is { } theirs && theirs != status.Control.Protocol))
        {
            call.Terminal.Say($"{region.Name} speaks protocol {Clean.Line(region.Protocol!)}, control {status.Control.Protocol}.");
        }

        foreach (var region in status.Regions.Where(one => one.State.EndsWith(NotEnrolled, StringComparison.Ordinal)))
        {
            call.Terminal.Say($"Region {region.Name} is not enrolled: `domicile region enrol {region.Name}`.");
        }

        call.Terminal.Print(new Text($" console  {status.Console}\n"));
        return ExitCode.Done;
    }

    private static async Task<StatusDocument> AskAsync(VerbCall call, CancellationToken cancellationToken)
    {
        using var control = call.OpenControl();
        var view = await control.GetAsync("status", ApiJson.Default.StatusView, cancellationToken);
        foreach (var region in view.Regions.Where(region => region.Trouble is not null))
        {
            call.Terminal.Say($"{region.Name}: {Clean.Line(region.Trouble!)}");
        }

        return new StatusDocument(
            new ControlStatus(control.Url.AbsoluteUri.TrimEnd('/'), null, "ready", null, view.Protocol),
            new Uri(control.Url, "/").AbsoluteUri,
            [.. view.Regions.Select(region => new RegionProcesses(
                region.Name, region.Endpoint, region.Pid is { } pid ? [pid] : [],
                region.State + (region.Draining ? Draining : "") + (region.Enrolled ? "" : NotEnrolled), null, region.Protocol))],
            null);
    }

    private static async Task<StatusDocument> LookAsync(VerbCall call, CancellationToken cancellationToken)
    {
        var known = Known(call);
        using var http = new HttpClient(new ConnectionErrors(new SocketsHttpHandler())) { Timeout = HealthPatience };
        var states = await Task.WhenAll(
            known.All.Select(process => StateAsync(http, call.DataDirectory, process, cancellationToken)));
        var control = new ControlStatus(
            Url(known.Control.Url), states[0].State == "down" ? null : known.Control.Pid, states[0].State,
            Url(known.Control.Management), states[0].Protocol?.ToString());
        var regions = known.Regions.Zip(states.Skip(1), (region, health) => new RegionProcesses(
            region.Name, Url(region.Url), health.State != "down" && region.Pid is { } pid ? [pid] : [], health.State,
            Url(region.Management), health.Protocol?.ToString()));
        foreach (var (region, health) in known.Regions.Zip(states.Skip(1)))
        {
            if (states[0].Protocol is { } own && health.Protocol is { } theirs
                && own.TroubleWith("control", $"region {region.Name}", theirs) is { } trouble)
            {
                call.Terminal.Say(trouble);
            }
        }

        return new StatusDocument(
            control, new Uri(known.Control.Url, "/").AbsoluteUri, [.. regions], known.Supervisor > 0 ? known.Supervisor : null);
    }

    /// <summary>What runs by up.json; else what would run, by the endpoints of the last time or the config.</summary>
    private static UpState Known(VerbCall call)
    {
        var directory = call.DataDirectory;
        if (UpState.Load(directory) is { } state)
        {
            return state;
        }

        var config = Path.Combine(directory, FirstConfig.ConfigFileName);
        var endpoints = Endpoints.Load(directory)
            ?? (File.Exists(config) ? EndpointPlan.Resolve(LocalDeployment.Load(config), directory) : null)
            ?? throw new VerbFailedException(
                $"No deployment in {call.Address.ShownDirectory}", $"start one with `{LocalAccess.UpCommand(call.Address)}`");
        return new UpState(
            0, false, new RunningProcess("control", endpoints.Control.Listen, endpoints.Control.Management, null),
            [.. endpoints.Regions.Select(region => new RunningProcess(
                region.Key.Value, region.Value.Listen, region.Value.Management, null))]);
    }

    private static async Task<Health> StateAsync(
        HttpClient http, string directory, RunningProcess process, CancellationToken cancellationToken)
    {
        if (process.Pid is not { } pid || !NativeProcess.IsAlive(pid)
            || (Directory.Exists("/proc/self") && !NativeProcess.IsServerOf(pid, directory)))
        {
            return new Health("down", null);
        }

        try
        {
            using var answer = await http.GetAsync(new Uri(process.Management, "/health/ready"), cancellationToken);
            var said = answer.Headers.TryGetValues(PeerProtocol.HeaderName, out var values) ? values.First() : null;
            return new Health(
                answer.IsSuccessStatusCode ? "ready" : "starting",
                said is null ? PeerProtocol.Unsaid : PeerProtocol.TryParse(said));
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new Health("starting", null);
        }
    }

    private readonly record struct Health(string State, PeerProtocol? Protocol);

    private static string Url(Uri url) => url.AbsoluteUri.TrimEnd('/');
}
