namespace Domicile.Server.Tests.Moves;

/// <summary>A body of which the second half comes only when the gate opens: a slow phone in a tunnel.</summary>
internal sealed class GatedStream(byte[] content, Task gate) : MemoryStream(content, writable: false)
{
    private readonly TaskCompletionSource _halfTaken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first half has been taken.</summary>
    public Task HalfTaken => _halfTaken.Task;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var half = Length / 2;
        if (Position >= half)
        {
            _halfTaken.TrySetResult();
            await gate.WaitAsync(cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }

        return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, half - Position)], cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
