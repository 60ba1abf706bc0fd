using System.Collections.Concurrent;
using System.Net;
using Domicile.Control;

namespace Domicile.Bench;

/// <summary>A request of a device.</summary>
internal sealed record DeviceAnswer(DateTimeOffset Start, TimeSpan Took, HttpStatusCode Status);

/// <summary>An account that moves to and fro while its devices write, and where it is.</summary>
internal sealed class MovingAccount : IAsyncDisposable
{
    public const int Devices = 5;
    public const int ContentBytes = 2_048;

    private const int KeysEach = 16;

    public static readonly TimeSpan Think = TimeSpan.FromMilliseconds(200);

    private readonly NewAccountView _account;
    private readonly IReadOnlyList<S3Link> _links;
    private readonly BenchCall _call;
    private readonly CancellationTokenSource _stop;
    private Task _devices = Task.CompletedTask;
    private string _home = TestBed.Singapore;

    private MovingAccount(NewAccountView account, IReadOnlyList<S3Link> links, BenchCall call)
    {
        (_account, _links, _call) = (account, links, call);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
    }

    public ConcurrentQueue<DeviceAnswer> Answers { get; } = new();

    /// <param name="objects">That it has besides what its devices write.</param>
    public static async Task<MovingAccount> AddAsync(TestBed bed, BenchCall call, int objects = 0)
    {
        var account = await bed.AddAccountAsync(TestBed.Singapore);
        if (objects > 0)
        {
            await StoreFill.RunAsync(bed, account, TestBed.Singapore, objects, call);
        }

        string[] regions = [TestBed.Singapore, TestBed.California];
        var links = regions.Select(region => bed.Connect(account, region, Devices)).ToList();
        await links[0].DoAsync(HttpMethod.Put, "/backup", null, call.Stop);
        return new MovingAccount(account, links, call);
    }

    public void StartDevices()
        => _devices = Task.WhenAll(Enumerable.Range(0, Devices).Select(number => RunDeviceAsync(number, _stop.Token)).ToList());

    public async Task<AccountMove> MoveAsync(TestBed bed)
    {
        var to = _home == TestBed.Singapore ? TestBed.California : TestBed.Singapore;
        var move = await bed.MoveAsync(_account, to);
        _home = to;
        return new AccountMove(this, move);
    }

    /// <summary>Of all requests that were under way in the pause; null: no device wanted anything in that time.</summary>
    // Clocks of control and devices are the same here.
    public double? LongestWaitIn(MoveView move)
    {
        var end = move.ActivatedAt!.Value;
        var begin = end - TimeSpan.FromMilliseconds(move.PauseMs!.Value);
        return Answers.Where(answer => answer.Start < end && answer.Start + answer.Took > begin)
            .Select(answer => (double?)answer.Took.TotalMilliseconds).Max();
    }

    /// <summary>Returns when the devices have their last answers.</summary>
    public async Task StopDevicesAsync()
    {
        await _stop.CancelAsync();
        await _devices;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _devices.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _links.ToList().ForEach(link => link.Dispose());
        _stop.Dispose();
    }

    // One request after the other, through either region: half of them are relayed, whoever is the home.
    private async Task RunDeviceAsync(int number, CancellationToken stop)
    {
        var content = new byte[ContentBytes];
        for (var turn = number; !stop.IsCancellationRequested; turn++)
        {
            var start = _call.Time.GetUtcNow();
            var begun = _call.Time.GetTimestamp();
            var (status, _) = await _links[turn % _links.Count].ExchangeAsync(
                HttpMethod.Put, $"/backup/device-{number}/{turn % KeysEach}", new ByteArrayContent(content), _call.Stop);
            Answers.Enqueue(new DeviceAnswer(start, _call.Time.GetElapsedTime(begun), status));
            await Task.Delay(Think, _call.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

internal sealed record AccountMove(MovingAccount Account, MoveView Move);
