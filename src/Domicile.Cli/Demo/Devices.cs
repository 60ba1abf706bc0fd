namespace Domicile.Cli.Demo;

/// <summary>Everyone's devices at once.</summary>
internal sealed class Devices : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyDictionary<Person, Journal> _journals;
    private readonly List<Device> _devices;
    private readonly Task _running;

    private Devices(IReadOnlyDictionary<Person, Journal> journals, List<Device> devices)
    {
        _journals = journals;
        _devices = devices;
        _running = Task.WhenAll(devices.Select(device => Task.Run(() => device.RunAsync(_stop.Token))));
    }

    public long Requests => _journals.Values.Sum(journal => journal.Requests);

    public int Failures => _journals.Values.Sum(journal => journal.Failures.Count);

    public static Devices Start(
        IReadOnlyDictionary<Person, Journal> journals, Func<Person, IReadOnlyList<Uri>> endpointsOf, TimeProvider time)
        => new(
            journals,
            [.. journals.Select((entry, index) => new Device(entry.Key, endpointsOf(entry.Key), entry.Value, index, time))]);

    /// <summary>Returns when the last request has been answered.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _devices.ForEach(device => device.Dispose());
        _stop.Dispose();
    }
}
