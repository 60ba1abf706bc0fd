using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Domicile.Server.Hosting.StrictHttp;

/// <summary>
/// Stands between a connection's bytes and the server's parser and shows it only bytes that <see cref="RequestFraming"/> has
/// accepted, as they lie in the connection's own buffers. Where they are no HTTP, a line that no parser accepts takes their
/// place, and the connection ends there for the reader: so the server answers 400 in its turn, after the answers to earlier
/// requests, and closes. One reader at a time, as every <see cref="PipeReader"/>.
/// </summary>
/// <param name="onWaiting">Called when the connection waits for a request (true) and when a whole head has come (false).</param>
internal sealed class StrictPipeReader(PipeReader connection, RequestFraming framing, Action<bool>? onWaiting = null) : PipeReader
{
    // No request line, no header, no chunk's size, no end of a chunk, no trailer.
    private static readonly byte[] NoHttp = "?\r\n\r\n"u8.ToArray();

    // The last buffer that was shown.
    private ReadOnlySequence<byte> _shown;

    // Of the bytes that wait in the connection's buffer: how many are accepted, and how many of these the server has examined.
    private long _acceptedBytes;
    private long _examinedBytes;
    private long _heads;

    // What is left to show when the connection has ended for the reader; null: it goes on.
    private byte[]? _end;
    private bool _isCancelled;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (_end is null)
        {
            var read = connection.ReadAsync(cancellationToken);
            if (!read.IsCompleted && onWaiting is not null && !framing.IsInBody)
            {
                onWaiting(true);
            }

            if (Show(await read, out var shown))
            {
                return shown;
            }
        }

        return ShowEnd();
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_end is not null)
        {
            result = ShowEnd();
            return true;
        }

        if (!connection.TryRead(out var read) || !Show(read, out result))
        {
            result = default;
            return false;
        }

        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var consumedBytes = _shown.Slice(0, consumed).Length;
        if (_end is not null)
        {
            _end = _end[(int)consumedBytes..];
            return;
        }

        _acceptedBytes -= consumedBytes;
        _examinedBytes = Math.Max(0, _shown.Slice(0, examined).Length - consumedBytes);
        connection.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead()
    {
        if (_end is null)
        {
            connection.CancelPendingRead();
        }
        else
        {
            Volatile.Write(ref _isCancelled, true);
        }
    }

    public override void Complete(Exception? exception = null) => connection.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => connection.CompleteAsync(exception);

    /// <returns>Whether there is something to show; else the connection is to be read on.</returns>
    private bool Show(in ReadResult read, out ReadResult shown)
    {
        var bytes = read.Buffer;
        _acceptedBytes += framing.Read(bytes.Slice(_acceptedBytes));
        if (framing.Heads != _heads)
        {
            _heads = framing.Heads;
            onWaiting?.Invoke(false);
        }

        var isCutOff = read.IsCompleted && !read.IsCanceled && _acceptedBytes < bytes.Length;
        if (framing.IsBroken || framing.IsTooLong || isCutOff)
        {
            // The server behind finds out by itself that a line is too long, and has an answer of its own for it.
            _end = framing.IsTooLong ? bytes.ToArray() : [.. bytes.Slice(0, _acceptedBytes).ToArray(), .. NoHttp];
            connection.AdvanceTo(bytes.End);
            shown = ShowEnd();
            return true;
        }

        if (_acceptedBytes > _examinedBytes || read.IsCompleted || read.IsCanceled)
        {
            _shown = bytes.Slice(0, _acceptedBytes);
            shown = new ReadResult(_shown, read.IsCanceled, read.IsCompleted);
            return true;
        }

        connection.AdvanceTo(bytes.Start, bytes.End);
        shown = default;
        return false;
    }

    private ReadResult ShowEnd()
    {
        _shown = new ReadOnlySequence<byte>(_end!);
        var isCancelled = Volatile.Read(ref _isCancelled);
        Volatile.Write(ref _isCancelled, false);
        return new ReadResult(_shown, isCancelled, isCompleted: true);
    }
}
