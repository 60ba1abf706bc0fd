using System.Runtime.InteropServices;

namespace Domicile.Cli;

/// <summary>Turns the first SIGINT or SIGTERM into a cancellation; the second one ends the process at once.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;
    private int _count;

    public Interrupt()
        => _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
        ];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        _source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = Interlocked.Increment(ref _count) == 1;
        if (context.Cancel)
        {
            _source.Cancel();
        }
    }
}
