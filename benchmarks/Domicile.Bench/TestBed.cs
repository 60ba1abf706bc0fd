using System.Security.Cryptography;
using Domicile.Cli;
using Domicile.Cli.Local;
using Domicile.Control;

namespace Domicile.Bench;

/// <summary>
/// A deployment of control and three regions, each a process of its own, in a temporary directory. Disposing it ends the
/// processes and removes the directory.
/// </summary>
internal sealed class TestBed : IAsyncDisposable
{
    public const string Singapore = "singapore";
    public const string California = "california";

    private static readonly TimeSpan MovePatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan MoveLooked = TimeSpan.FromMilliseconds(20);

    private readonly LocalDeployment _deployment;
    private readonly Supervisor _supervisor;
    private readonly ControlClient _control;
    private readonly BenchCall _call;

    private TestBed(LocalDeployment deployment, Supervisor supervisor, BenchCall call)
    {
        _deployment = deployment;
        _supervisor = supervisor;
        _call = call;
        _control = ControlClient.Open(new DeploymentAddress(deployment.Directory, null, null));
    }

    public static async Task<TestBed> StartAsync(BenchCall call)
    {
        call.Say("starting control and three regions");
        var directory = Path.Combine(
            Path.GetTempPath(), $"domicile-bench-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        PrivateDirectory.Create(Path.Combine(directory, "control"));
        try
        {
            FirstConfig.WriteOnFreePorts(directory);
            var deployment = LocalDeployment.Prepare(directory, null, tls: false, call.Time);
            var program = ServerProgram.Find(Environment.GetEnvironmentVariable);
            var supervisor = await Supervisor.StartAsync(
                deployment, program, UpLock.TryTake(directory)!, call.Say, call.Time, call.Stop);
            return new TestBed(deployment, supervisor, call);
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>An account that the default policy lets live in both Singapore and California.</summary>
    public Task<NewAccountView> AddAccountAsync(string region)
        => _control.PostAsync(
            "accounts", new NewAccount("IN", null, region, null), ApiJson.Default.NewAccount, ApiJson.Default.NewAccountView,
            _call.Stop);

    public Uri EndpointOf(string region) => _deployment.EndpointOf(region);

    public S3Link Connect(NewAccountView account, string region, int connections)
        => new(EndpointOf(region), account.AccessKey, account.SecretKey, connections, _call.Time);

    /// <summary>Moves an account and waits until it is erased where it was.</summary>
    public async Task<MoveView> MoveAsync(NewAccountView account, string to)
    {
        var move = await _control.PostAsync(
            "moves", new NewMove(account.Account, to, null), ApiJson.Default.NewMove, ApiJson.Default.MoveView, _call.Stop);
        var begun = _call.Time.GetTimestamp();
        while (move.EndedAt is null)
        {
            if (_call.Time.GetElapsedTime(begun) > MovePatience)
            {
                throw new BenchmarkFailedException($"Move {move.Move} is {move.State} after {MovePatience}: {move.Trouble}");
            }

            await Task.Delay(MoveLooked, _call.Time, _call.Stop);
            move = await _control.GetAsync($"moves/{move.Move}", ApiJson.Default.MoveView, _call.Stop);
        }

        return move.State == "done" ? move
            : throw new BenchmarkFailedException($"Move {move.Move} ended as {move.State}: {move.Reason}");
    }

    /// <summary>The region's process, whose memory is looked at.</summary>
    public int ProcessIdOf(string region)
        => UpState.Load(_deployment.Directory)!.Regions.First(process => process.Name == region).Pid!.Value;

    /// <summary>What all processes of the deployment have used so far.</summary>
    public double ProcessorMs() => UpState.Load(_deployment.Directory)!.All.Sum(process => Machine.ProcessorMs(process.Pid!.Value));

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _supervisor.DisposeAsync();
        Directory.Delete(_deployment.Directory, recursive: true);
    }
}
