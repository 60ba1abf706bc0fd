using System.Runtime.InteropServices;
using Amazon.Runtime;
using Amazon.S3;
using Domicile.Accounts;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Links;

namespace Domicile.Server.Tests.Deployment;

/// <summary>
/// A deployment as an operator runs it: control and each region are processes of their own, from the built programs, in a
/// directory and on ports of their own. A test may kill, freeze and start any of them. Dispose ends and deletes all of it.
/// </summary>
internal sealed partial class LiveDeployment : IAsyncDisposable
{
    public const string ControlName = "control";

    private const int StartsMax = 4;
    private const int SigKill = 9;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    private static readonly string ThisBuild = ServerProgram.Find(Environment.GetEnvironmentVariable);

    private static readonly Lock Surroundings = new();

    private readonly LocalDeployment _plan;
    private readonly DeploymentSetup _setup;
    private readonly PeerLinks? _links;
    private readonly Dictionary<string, ServerProcess> _running = [];
    private readonly Dictionary<string, string> _programs = [];
    private ControlCalls? _control;

    private LiveDeployment(LocalDeployment plan, DeploymentSetup setup)
    {
        _plan = plan;
        _setup = setup;
        _links = setup.Links is null ? null : PeerLinks.Lay(plan, setup.Links);
        AppDomain.CurrentDomain.ProcessExit += KillAll;
    }

    /// <summary>The data directory: one directory for control and each region below it.</summary>
    public string Directory => _plan.Directory;

    public DeploymentConfig Config => _plan.Config;

    public ControlCalls Control => _control ?? throw new InvalidOperationException("Control has not been started.");

    public string AuthorityPath => Path.Combine(Directory, ControlName, "ca", "ca.pem");

    private static CancellationToken Cancelled => Xunit.TestContext.Current.CancellationToken;

    /// <summary>Returns when every process is ready and control reaches every region.</summary>
    public static async Task<LiveDeployment> StartAsync(DeploymentSetup? setup = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var deployment = await PrepareAsync(setup ?? new DeploymentSetup());
            try
            {
                await deployment.StartAllAsync();
                await deployment.ReachesAllAsync();
                return deployment;
            }
            catch (InvalidOperationException taken)
                when (attempt < StartsMax && taken.Message.Contains("in use", StringComparison.Ordinal))
            {
                // Another program was faster at one of the ports.
                await deployment.DisposeAsync();
            }
            catch
            {
                await deployment.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>From its next start on the process runs this Domicile.Server.dll; null for this build's.</summary>
    public void Use(string process, string? program) => _programs[process] = program ?? ThisBuild;

    /// <summary>Starts a process that is not running, and returns when it is ready.</summary>
    /// <param name="process">A region's name, or <c>control</c>.</param>
    public async Task StartAsync(string process)
    {
        var role = _plan.Roles.Single(role => role.DirectoryName == process);
        var started = Start(role);
        lock (_running)
        {
            _running.Add(process, started);
        }

        if (await started.WaitReadyAsync(StartPatience, Cancelled) is { } trouble)
        {
            throw new InvalidOperationException(trouble);
        }

        if (process == ControlName)
        {
            _control ??= new ControlCalls(Directory, _plan.Endpoints.Control.Listen);
        }
    }

    /// <summary>kill -9; returns when the process is gone.</summary>
    public async Task KillAsync(string process)
    {
        var running = Take(process);
        _ = Signal(running.Pid, SigKill);
        _ = await running.WaitForExitAsync(Cancelled);
        running.Dispose();
    }

    /// <summary>Returns when the process has ended by itself.</summary>
    public async Task DiedAsync(string process)
    {
        using var running = Take(process);
        _ = await running.WaitForExitAsync(Cancelled);
    }

    /// <summary>SIGTERM, as an operator stops it.</summary>
    public async Task StopAsync(string process)
    {
        using var running = Take(process);
        await running.StopAsync();
    }

    /// <summary>kill -9, if it is running.</summary>
    public async Task EndAsync(string process)
    {
        bool isRunning;
        lock (_running)
        {
            isRunning = _running.ContainsKey(process);
        }

        if (isRunning)
        {
            await KillAsync(process);
        }
    }

    public async Task KillAndStartAsync(string process)
    {
        await KillAsync(process);
        await StartAsync(process);
    }

    /// <summary>SIGSTOP: the process neither answers nor dies, as if its network were cut.</summary>
    public void Freeze(string process) => _ = Signal(PidOf(process), SigStop);

    public void Thaw(string process) => _ = Signal(PidOf(process), SigCont);

    public int PidOf(string process)
    {
        lock (_running)
        {
            return _running[process].Pid;
        }
    }

    /// <summary>What one process calls another over; only where the setup has <see cref="DeploymentSetup.Links"/>.</summary>
    public Link LinkOf(string caller, string called)
        => _links?.Of(caller, called) ?? throw new InvalidOperationException("This deployment was set up without links.");

    /// <summary>Both ways: what one calls the other over, and the other the one.</summary>
    public IReadOnlyList<Link> LinksBetween(string one, string other) => [LinkOf(one, other), LinkOf(other, one)];

    /// <summary>Every link of a process, both ways.</summary>
    public IReadOnlyList<Link> LinksOf(string process)
        => [.. _plan.Roles.Select(role => role.DirectoryName).Where(name => name != process)
            .SelectMany(other => LinksBetween(process, other))];

    /// <summary>Where a region's S3 listens.</summary>
    public Uri EndpointOf(string region) => _plan.EndpointOf(region);

    public ProcessEndpoints EndpointsOf(string process)
        => _plan.EndpointsOf(_plan.Roles.Single(role => role.DirectoryName == process));

    public string DirectoryOf(string process) => Path.Combine(Directory, process);

    public RegionFacts FactsOf(string region) => Config.Find(RegionName.Parse(region))!.Facts;

    /// <summary>
    /// Each request is sent once. The SDK has two ways to send it again: after an error, and after a connection that broke while
    /// it waited for the answer, which a server may have carried out.
    /// </summary>
    public static void SendOnce(AmazonS3Config config)
    {
        config.MaxErrorRetry = 0;
        config.MaxStaleConnectionRetries = 0;
    }

    /// <summary>The AWS SDK's client as anyone would set it up; behind https it trusts the deployment's authority.</summary>
    /// <param name="region">The region whose endpoint it uses; null: the account's home.</param>
    public AmazonS3Client OpenS3(NewAccountView account, string? region = null, Action<AmazonS3Config>? change = null)
    {
        var config = new AmazonS3Config
        {
            ServiceURL = EndpointOf(region ?? account.Home).AbsoluteUri,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
        };
        if (Config.Tls)
        {
            config.HttpClientFactory = new TrustingClients(Directory);
        }

        change?.Invoke(config);
        return new AmazonS3Client(new BasicAWSCredentials(account.AccessKey, account.SecretKey), config);
    }

    /// <summary>An HTTP client that trusts the deployment's authority.</summary>
    public HttpClient OpenHttp() => new(LocalAccess.Handler(Directory, StartPatience));

    /// <summary>What a process logged so far.</summary>
    public string LogOf(string process)
    {
        using var file = new FileStream(
            Path.Combine(Directory, process, "log", "server.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    /// <summary>The last words of every process, for the report of a test that failed.</summary>
    public string LastLogs(int linesEach = 40)
        => string.Join('\n', _plan.Roles.Select(role =>
            $"--- {role.DirectoryName}\n{string.Join('\n', LogOf(role.DirectoryName).TrimEnd().Split('\n').TakeLast(linesEach))}"));

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillAll;
        if (Xunit.TestContext.Current.TestState?.Result == Xunit.TestResult.Failed)
        {
            Xunit.TestContext.Current.TestOutputHelper?.WriteLine(LastLogs());
        }

        KillAll(null, EventArgs.Empty);
        foreach (var process in _running.Values)
        {
            _ = await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        _control?.Dispose();
        if (_links is not null)
        {
            await _links.DisposeAsync();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static async Task<LiveDeployment> PrepareAsync(DeploymentSetup setup)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("domicile-live-").FullName;
        var config = Path.Combine(directory, "domicile.yaml");
        await File.WriteAllTextAsync(config, setup.ConfigText(TestPorts.Take(3 * (1 + setup.Regions.Count))), Cancelled);
        await File.WriteAllTextAsync(Path.Combine(directory, "policy.yaml"), setup.Policy, Cancelled);
        return new LiveDeployment(
            setup.Program is null
                ? LocalDeployment.Prepare(directory, config, tls: false, TimeProvider.System) : Plan(directory, config),
            setup);
    }

    // Nothing is made: that is for control of the other program.
    private static LocalDeployment Plan(string directory, string path)
    {
        var config = LocalDeployment.Load(path);
        return new LocalDeployment(directory, path, config, EndpointPlan.Resolve(config, directory));
    }

    private async Task StartAllAsync()
    {
        var names = _plan.Roles.Select(role => role.DirectoryName).ToList();
        if (_setup.Program is { } program)
        {
            names.ForEach(name => Use(name, program));
            await StartAsync(ControlName);
            names.Remove(ControlName);
            _plan.Endpoints.Save(Directory);
        }

        await Task.WhenAll(names.Select(StartAsync).ToList());
    }

    // A process begins with this one's environment, as it is at the moment.
    private ServerProcess Start(ProcessRole role)
    {
        lock (Surroundings)
        {
            foreach (var (name, value) in _setup.Environment)
            {
                Environment.SetEnvironmentVariable(name, value);
            }

            try
            {
                return ServerProcess.Start(
                    _links?.ViewOf(role.DirectoryName) ?? _plan, role, _programs.GetValueOrDefault(role.DirectoryName, ThisBuild),
                    TimeProvider.System);
            }
            finally
            {
                foreach (var name in _setup.Environment.Keys)
                {
                    Environment.SetEnvironmentVariable(name, null);
                }
            }
        }
    }

    private Task ReachesAllAsync()
        => Eventually.HoldsAsync(
            async () => (await Control.StatusAsync()).Regions.All(region => region.State == "ready"),
            "control reaches every region");

    private ServerProcess Take(string process)
    {
        lock (_running)
        {
            return _running.Remove(process, out var running) ? running
                : throw new InvalidOperationException($"{process} is not running.");
        }
    }

    private void KillAll(object? sender, EventArgs e)
    {
        lock (_running)
        {
            _running.Values.ToList().ForEach(process => _ = Signal(process.Pid, SigKill));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int pid, int signal);
}
