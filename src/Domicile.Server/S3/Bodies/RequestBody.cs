using System.Buffers;
using System.IO.Pipelines;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Bodies;

/// <summary>
/// A request's body as the client meant it: unframed, and checked against its signature while it passes. Memory is the
/// connection's own few segments.
/// </summary>
internal abstract class RequestBody(PipeReader source) : IDisposable
{
    private SequencePosition? _consumed;

    /// <summary>Why reading ended early; null while all is well. To be looked at when <see cref="ReadAsync"/> gives nothing.</summary>
    public S3Error? Failure { get; protected set; }

    /// <summary>What followed an aws-chunked body: names in lower case. Known at the end.</summary>
    public IReadOnlyDictionary<string, string> Trailers { get; protected set; } = new Dictionary<string, string>();

    /// <summary>How the client sent it; null for a body that is sent as it is. Known at the end.</summary>
    public virtual ChunkFraming? Framing => null;

    /// <summary>The next bytes, good until the next call. Empty at the end, or where <see cref="Failure"/> says why.</summary>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Gives the last bytes back to the connection, so that it can go on.</summary>
    public virtual void Dispose() => Release();

    /// <param name="decodedLengthBytes">What the client announced, aws-chunked framing not counted; null if it didn't.</param>
    public static RequestBody Open(PipeReader source, ProvenSignature signature, long? decodedLengthBytes)
        => signature.Payload.IsChunked
            ? new ChunkedBody(source, signature, decodedLengthBytes)
            : new PlainBody(source, signature.Payload, decodedLengthBytes);

    /// <summary>What an answer says of a body that the client did not send as HTTP has it, or not in time.</summary>
    public static S3Error ErrorOf(BadHttpRequestException cause)
        => S3Error.Of(cause.StatusCode == StatusCodes.Status408RequestTimeout ? "RequestTimeout" : "IncompleteBody");

    /// <summary>What has arrived. Null: the client broke off or dawdled, and <see cref="Failure"/> is set.</summary>
    protected async ValueTask<ReadResult?> FillAsync(CancellationToken cancellationToken)
    {
        Release();
        try
        {
            return await source.ReadAsync(cancellationToken);
        }
        catch (BadHttpRequestException cause)
        {
            Failure = ErrorOf(cause);
            return null;
        }
        catch (IOException)
        {
            // The connection or the stream was reset. Nobody may be left to read this, yet it is no fault of ours.
            Failure = S3Error.Of("IncompleteBody");
            return null;
        }
    }

    /// <summary>Hands out the first run of bytes in memory, at most that many; they are given back at the next fill.</summary>
    protected ReadOnlyMemory<byte> Take(ReadOnlySequence<byte> buffer, long lengthBytesMax)
    {
        var position = buffer.Start;
        while (buffer.TryGet(ref position, out var memory))
        {
            if (!memory.IsEmpty)
            {
                var taken = memory[..(int)Math.Min(memory.Length, lengthBytesMax)];
                _consumed = buffer.GetPosition(taken.Length);
                return taken;
            }
        }

        Skip(buffer.End);
        return default;
    }

    protected void Skip(SequencePosition consumed) => source.AdvanceTo(consumed);

    protected void WaitForMore(ReadOnlySequence<byte> buffer) => source.AdvanceTo(buffer.Start, buffer.End);

    private void Release()
    {
        if (_consumed is { } consumed)
        {
            source.AdvanceTo(consumed);
            _consumed = null;
        }
    }
}
