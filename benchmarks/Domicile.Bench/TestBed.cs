using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Domicile.Cli;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Links;
using Domicile.Server.Tests.Deployment;

namespace Domicile.Bench;

/// <summary>
/// A deployment of control and three regions, each a process of its own, in a temporary directory, at a distance of each
/// other. Disposing it ends the processes and removes the directory.
/// </summary>
internal sealed class TestBed : IAsyncDisposable
{
    public const string Singapore = "singapore";
    public const string California = "california";
    public const string Beijing = "beijing";

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StatusLooked = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan MovePatience = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan MoveLooked = TimeSpan.FromMilliseconds(50);

    private readonly LocalDeployment _deployment;
    private readonly PeerLinks? _links;
    private readonly Distance _distance;
    private readonly ConcurrentDictionary<string, ServerProcess> _processes = new();
    private readonly ConcurrentDictionary<string, Link> _clientLinks = new();
    private readonly BenchCall _call;
    private ControlClient? _control;

    private TestBed(LocalDeployment deployment, Distance distance, BenchCall call)
    {
        _deployment = deployment;
        _distance = distance;
        _call = call;
        _links = distance.Terms is null ? null : PeerLinks.Lay(deployment, distance.Between);
    }

    public Distance Distance => _distance;

    public ControlClient Control => _control ?? throw new InvalidOperationException("Control has not been started.");

    public static async Task<TestBed> StartAsync(BenchCall call, Distance? distance = null)
    {
        call.Say("starting control and three regions");
        var directory = Path.Combine(
            Path.GetTempPath(), $"domicile-bench-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        SmallFile.CreateDirectory(Path.Combine(directory, "control"));
        try
        {
            distance ??= Distance.None;
            FirstConfig.WriteOnFreePorts(directory, distance.IsTls);
            var deployment = LocalDeployment.Prepare(directory, null, distance.IsTls, call.Time);
            var bed = new TestBed(deployment, distance, call);
            try
            {
                await bed.StartAllAsync();
                return bed;
            }
            catch
            {
                await bed.EndAsync();
                throw;
            }
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>An account that the default policy lets live in both Singapore and California.</summary>
    public Task<NewAccountView> AddAccountAsync(string region, string residence = "IN")
        => Control.PostAsync(
            "accounts", new NewAccount(residence, null, region, null), ApiJson.Default.NewAccount, ApiJson.Default.NewAccountView,
            _call.Stop);

    public Uri EndpointOf(string region) => _deployment.EndpointOf(region);

    /// <summary>What programs must trust to come by TLS; null where they come without.</summary>
    public string? AuthorityPath
        => _distance.IsTls ? Path.Combine(_deployment.Directory, "control", "ca", "ca.pem") : null;

    /// <summary>A region's S3 as a program beside another region reaches it: over a link of the same distance.</summary>
    public Uri EndpointFrom(string beside, string region)
    {
        if (_distance.Between(beside, region) is not { } terms)
        {
            return EndpointOf(region);
        }

        var link = _clientLinks.GetOrAdd(region, _ => Link.Open(IPEndPoint.Parse(EndpointOf(region).Authority), terms));
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{link.EndPoint.Port}"));
    }

    /// <param name="renewedAfter">A connection that is older is not used again; null: for as long as it holds.</param>
    public S3Link Connect(NewAccountView account, string region, int connections, TimeSpan? renewedAfter = null)
    {
        var handler = LocalAccess.Handler(_deployment.Directory, ConnectPatience);
        handler.PooledConnectionLifetime = renewedAfter ?? Timeout.InfiniteTimeSpan;
        return new S3Link(EndpointOf(region), account.AccessKey, account.SecretKey, handler, connections, _call.Time);
    }

    /// <summary>Links of many accounts over the same few connections.</summary>
    public List<S3Link> ConnectAll(IEnumerable<NewAccountView> accounts, string region, int connections)
    {
        var handler = S3Link.Prepare(LocalAccess.Handler(_deployment.Directory, ConnectPatience), connections);
        return [.. accounts.Select(account => new S3Link(
            EndpointOf(region), account.AccessKey, account.SecretKey, handler, connections, _call.Time, isShared: true))];
    }

    /// <summary>Moves an account and waits until it is erased where it was.</summary>
    public async Task<MoveView> MoveAsync(NewAccountView account, string to)
    {
        var move = await Control.PostAsync(
            "moves", new NewMove(account.Account, to, null), ApiJson.Default.NewMove, ApiJson.Default.MoveView, _call.Stop);
        return await EndOfAsync(move.Move);
    }

    /// <summary>The move once it is done; anything else ends the benchmark.</summary>
    public async Task<MoveView> EndOfAsync(Guid id, Action<MoveView>? look = null)
    {
        var begun = _call.Time.GetTimestamp();
        while (true)
        {
            var move = await Control.GetAsync($"moves/{id}", ApiJson.Default.MoveView, _call.Stop);
            look?.Invoke(move);
            if (move.EndedAt is not null)
            {
                return move.State == "done" ? move
                    : throw new BenchmarkFailedException($"Move {move.Move} ended as {move.State}: {move.Reason}");
            }

            if (_call.Time.GetElapsedTime(begun) > MovePatience)
            {
                throw new BenchmarkFailedException($"Move {move.Move} is {move.State} after {MovePatience}: {move.Trouble}");
            }

            await Task.Delay(MoveLooked, _call.Time, _call.Stop);
        }
    }

    public Task<PlanView> PlanAsync(string policy, int atOnce)
        => Control.PostAsync(
            "plan", new PlanRequest(policy, atOnce), ApiJson.Default.PlanRequest, ApiJson.Default.PlanView, _call.Stop);

    public Task<ApplyView> ApplyAsync(string? policy, int atOnce)
        => Control.PostAsync(
            "apply", new PlanRequest(policy, atOnce), ApiJson.Default.PlanRequest, ApiJson.Default.ApplyView, _call.Stop);

    /// <summary>The region's process, whose memory is looked at.</summary>
    public int ProcessIdOf(string region) => _processes[region].Pid;

    /// <summary>What all processes of the deployment have used so far.</summary>
    public double ProcessorMs() => _processes.Values.Sum(process => Machine.ProcessorMs(process.Pid));

    /// <summary>Stops a region, has something done to its directory, and starts it again.</summary>
    public async Task WithoutAsync(string region, Func<string, Task> work)
    {
        if (_processes.TryRemove(region, out var process))
        {
            await process.StopAsync();
            process.Dispose();
        }

        await work(Path.Combine(_deployment.Directory, region));
        await StartAsync(_deployment.Roles.Single(role => role.DirectoryName == region));
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(_deployment.Directory, recursive: true);
    }

    private async Task StartAllAsync()
    {
        await Task.WhenAll(_deployment.Roles.ToList().Select(StartAsync));
        _control = ControlClient.Open(new DeploymentAddress(_deployment.Directory, null, null), _call.Say);

        // A process is ready before its links are: the first questions connect, and on a long link may take too long for it.
        var begun = _call.Time.GetTimestamp();
        while ((await Control.GetAsync("status", ApiJson.Default.StatusView, _call.Stop))
            .Regions.FirstOrDefault(region => region.State != "ready") is { } silent)
        {
            if (_call.Time.GetElapsedTime(begun) > StartPatience)
            {
                throw new BenchmarkFailedException($"Region {silent.Name} is {silent.State}.");
            }

            await Task.Delay(StatusLooked, _call.Time, _call.Stop);
        }
    }

    private async Task StartAsync(ProcessRole role)
    {
        var view = _links?.ViewOf(role.DirectoryName) ?? _deployment;
        var process = ServerProcess.Start(view, role, ServerProgram.Find(Environment.GetEnvironmentVariable), _call.Time);
        _processes[role.DirectoryName] = process;
        if (await process.WaitReadyAsync(StartPatience, _call.Stop) is { } trouble)
        {
            throw new BenchmarkFailedException(trouble);
        }
    }

    // Control first, so that no move begins a step.
    private async Task EndAsync()
    {
        _control?.Dispose();
        foreach (var process in _processes.OrderBy(process => process.Key != "control").Select(process => process.Value))
        {
            await process.StopAsync();
            process.Dispose();
        }

        foreach (var link in _clientLinks.Values)
        {
            await link.DisposeAsync();
        }

        await (_links?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}
