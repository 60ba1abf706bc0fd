using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Server.S3.Bodies;

/// <summary>
/// What is kept of a request's body, so that it can be sent once more, byte for byte what its signatures cover, to a new home
/// that checks them again.
/// </summary>
/// <param name="Document">Of an operation that takes a document.</param>
/// <param name="Content">Of one that stores a content, as it lies staged here.</param>
/// <param name="Framing">Null where it was sent as it is.</param>
internal readonly record struct SentBody(ReadOnlyMemory<byte> Document, StagedContent? Content, ChunkFraming? Framing)
{
    /// <summary>False: it had more signed chunks than are kept.</summary>
    public bool IsWhole => Framing is not { Chunks.IsWhole: false };

    public async Task WriteAsync(AccountCopy copy, Stream destination, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        var reading = ReadAsync(copy, pipe.Writer, cancellationToken);
        try
        {
            await using var plain = pipe.Reader.AsStream();
            await (Framing is { } framing
                ? framing.WriteAsync(plain, Content?.LengthBytes ?? Document.Length, destination, cancellationToken)
                : plain.CopyToAsync(destination, cancellationToken));
        }
        finally
        {
            // The pipe's reader is gone by now: whoever still writes stops. If reading failed, this says so.
            await reading;
        }
    }

    private async Task ReadAsync(AccountCopy copy, PipeWriter output, CancellationToken cancellationToken)
    {
        try
        {
            if (Content is { LengthBytes: > 0 } staged)
            {
                await copy.Store.Contents.ReadAsync(
                    new StoredContent(staged.ContentId, staged.LengthBytes, staged.Inline), 0, staged.LengthBytes, output,
                    cancellationToken);
            }
            else
            {
                await output.WriteAsync(Document, cancellationToken);
            }
        }
        finally
        {
            await output.CompleteAsync();
        }
    }
}

/// <summary>The frames of an aws-chunked body, see <see cref="ChunkedBody"/>.</summary>
/// <param name="Chunks">Null where nothing is signed: then its chunks may be cut anew.</param>
/// <param name="Trailers">What followed the last chunk's line, as it came.</param>
internal sealed record ChunkFraming(SignedChunks? Chunks, string Trailers)
{
    private const int PieceBytes = 64 << 10;

    public async Task WriteAsync(Stream plain, long lengthBytes, Stream destination, CancellationToken cancellationToken)
    {
        IEnumerable<(long LengthBytes, string Extension)> chunks = Chunks is null
            ? lengthBytes > 0 ? [(lengthBytes, ""), (0, "")] : [(0, "")]
            : Chunks.All.Select(chunk => (chunk.LengthBytes, ";chunk-signature=" + chunk.Signature));
        foreach (var (chunkBytes, extension) in chunks)
        {
            await WriteAsync(
                destination, chunkBytes.ToString("x", CultureInfo.InvariantCulture) + extension + "\r\n", cancellationToken);
            if (chunkBytes > 0)
            {
                await CopyAsync(plain, chunkBytes, destination, cancellationToken);
                await WriteAsync(destination, "\r\n", cancellationToken);
            }
        }

        await WriteAsync(destination, Trailers, cancellationToken);
    }

    private static ValueTask WriteAsync(Stream destination, string text, CancellationToken cancellationToken)
        => destination.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken);

    private static async Task CopyAsync(
        Stream plain, long lengthBytes, Stream destination, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var left = lengthBytes; left > 0;)
            {
                var part = piece.AsMemory(0, (int)Math.Min(left, piece.Length));
                await plain.ReadExactlyAsync(part, cancellationToken);
                await destination.WriteAsync(part, cancellationToken);
                left -= part.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}

/// <summary>Lengths and signatures of chunks: 40 bytes each.</summary>
internal sealed class SignedChunks
{
    private const int SignatureBytes = 32;
    private const int ChunkBytes = sizeof(long) + SignatureBytes;

    private readonly ArrayBufferWriter<byte> _kept = new();

    /// <summary>False: there were too many, and none is kept.</summary>
    public bool IsWhole { get; private set; } = true;

    public IEnumerable<(long LengthBytes, string Signature)> All
    {
        get
        {
            for (var at = 0; at < _kept.WrittenCount; at += ChunkBytes)
            {
                var chunk = _kept.WrittenSpan.Slice(at, ChunkBytes);
                yield return (
                    BinaryPrimitives.ReadInt64BigEndian(chunk), Convert.ToHexStringLower(chunk[sizeof(long)..]));
            }
        }
    }

    /// <param name="signature">64 hex digits.</param>
    public void Add(long lengthBytes, string signature)
    {
        if (!IsWhole || _kept.WrittenCount + ChunkBytes > S3Limits.SignedChunksKeptBytesMax)
        {
            IsWhole = false;
            _kept.Clear();
            return;
        }

        var chunk = _kept.GetSpan(ChunkBytes);
        BinaryPrimitives.WriteInt64BigEndian(chunk, lengthBytes);
        Convert.FromHexString(signature, chunk[sizeof(long)..], out _, out _);
        _kept.Advance(ChunkBytes);
    }
}
