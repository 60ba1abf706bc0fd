using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// The frames of the stream from source to target; see docs/protocols/move.md. Each is a type byte, the payload's length
/// in bytes (4, big endian) and the payload; a content's sealed bytes follow its frame, raw.
/// </summary>
internal abstract record StreamFrame
{
    private StreamFrame()
    {
    }

    /// <summary>
    /// First of all: the account's keys, newest first, in a <see cref="SecretBox"/> of the target's, its purpose the move's id.
    /// </summary>
    public sealed record Key(byte[] Boxed) : StreamFrame;

    /// <summary>A content that lies in a file: its sealed bytes follow.</summary>
    public sealed record Content(string ContentId, long LengthBytes, long SealedLengthBytes) : StreamFrame;

    /// <param name="After">The cursor that this batch continues.</param>
    /// <param name="SourceSeq">Where the source stands; the batch may be behind.</param>
    /// <param name="UnsentBytes">Bytes of contents that come after this batch; "very many" while many changes do.</param>
    public sealed record Batch(long After, long SourceSeq, long UnsentBytes, ChangeBatch Changes) : StreamFrame;

    public sealed record Heartbeat(long SourceSeq) : StreamFrame;

    /// <summary>The source has nothing more to say to this move.</summary>
    public sealed record End(string Reason) : StreamFrame;
}

internal static class ChangeStream
{
    /// <summary>Of a batch: <see cref="MoveLimits.BatchBytesMax"/>, and the row with which it was reached.</summary>
    public const int PayloadBytesMax = 16 << 20;

    /// <summary>Of every other frame.</summary>
    public const int SmallPayloadBytesMax = 16 << 10;

    private const int HeadLengthBytes = 5;
    private const int BatchHeadLengthBytes = 4 * sizeof(long);
    private const int ChangeHeadLengthBytes = 2 + 2 * sizeof(long);
    private const byte KeyType = 1;
    private const byte ContentType = 2;
    private const byte BatchType = 3;
    private const byte HeartbeatType = 4;
    private const byte EndType = 5;

    public static void Write(IBufferWriter<byte> output, StreamFrame frame)
    {
        if (frame is StreamFrame.Batch batch)
        {
            WriteBatch(output, batch);
            return;
        }

        var payload = new ArrayBufferWriter<byte>();
        var type = WritePayload(payload, frame);
        WriteHead(output, type, payload.WrittenCount);
        output.Write(payload.WrittenSpan);
    }

    /// <exception cref="InvalidDataException">The peer sends what is no frame.</exception>
    /// <exception cref="EndOfStreamException">The stream is cut.</exception>
    public static async ValueTask<StreamFrame> ReadAsync(ReadExactly read, CancellationToken cancellationToken)
    {
        var head = new byte[HeadLengthBytes];
        await read(head, cancellationToken);
        var lengthBytes = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1));
        if (lengthBytes < 0 || lengthBytes > (head[0] == BatchType ? PayloadBytesMax : SmallPayloadBytesMax))
        {
            throw new InvalidDataException($"A frame of {lengthBytes} bytes, of type {head[0]}.");
        }

        var payload = GC.AllocateUninitializedArray<byte>(lengthBytes);
        await read(payload, cancellationToken);
        return ReadPayload(head[0], payload);
    }

    private static void WriteHead(IBufferWriter<byte> output, byte type, int payloadBytes)
    {
        var head = output.GetSpan(HeadLengthBytes);
        head[0] = type;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], payloadBytes);
        output.Advance(HeadLengthBytes);
    }

    private static byte WritePayload(ArrayBufferWriter<byte> output, StreamFrame frame)
    {
        switch (frame)
        {
            case StreamFrame.Key key:
                output.Write(key.Boxed);
                return KeyType;
            case StreamFrame.Content content:
                WriteLong(output, content.LengthBytes);
                WriteLong(output, content.SealedLengthBytes);
                output.Write(Encoding.ASCII.GetBytes(content.ContentId));
                return ContentType;
            case StreamFrame.Heartbeat heartbeat:
                WriteLong(output, heartbeat.SourceSeq);
                return HeartbeatType;
            case StreamFrame.End end:
                output.Write(Encoding.UTF8.GetBytes(PeerText.Clean(end.Reason)));
                return EndType;
            default:
                throw new System.Diagnostics.UnreachableException(frame.ToString());
        }
    }

    // Straight into the stream: batches are what most bytes are in.
    private static void WriteBatch(IBufferWriter<byte> output, StreamFrame.Batch batch)
    {
        var changes = batch.Changes.Changes;
        WriteHead(output, BatchType, BatchHeadLengthBytes + changes.Sum(change => ChangeHeadLengthBytes + change.Row.Length));
        WriteLong(output, batch.After);
        WriteLong(output, batch.SourceSeq);
        WriteLong(output, batch.UnsentBytes);
        WriteLong(output, batch.Changes.CompleteUpTo);
        foreach (var change in changes)
        {
            output.Write([(byte)change.Kind, change.IsDeleted ? (byte)1 : (byte)0]);
            WriteLong(output, change.Seq);
            WriteLong(output, change.Row.Length);
            output.Write(change.Row.Span);
        }
    }

    private static StreamFrame ReadPayload(byte type, byte[] payload)
    {
        var reader = new PayloadReader(payload);
        return type switch
        {
            KeyType => new StreamFrame.Key(payload),
            ContentType => new StreamFrame.Content(
                LengthBytes: reader.Long(), SealedLengthBytes: reader.Long(), ContentId: Encoding.ASCII.GetString(reader.Rest())),
            BatchType => ReadBatch(ref reader),
            HeartbeatType => new StreamFrame.Heartbeat(reader.Long()),
            EndType => new StreamFrame.End(PeerText.Clean(Encoding.UTF8.GetString(payload))),
            _ => throw new InvalidDataException($"A frame of type {type}."),
        };
    }

    private static StreamFrame.Batch ReadBatch(ref PayloadReader reader)
    {
        var (after, sourceSeq, unsentBytes, completeUpTo) = (reader.Long(), reader.Long(), reader.Long(), reader.Long());
        var changes = new List<Change>();
        while (reader.HasMore)
        {
            var (kind, flags) = (reader.Byte(), reader.Byte());
            if (!Enum.IsDefined((RowKind)kind) || flags > 1)
            {
                throw new InvalidDataException($"A change of kind {kind}, flags {flags}.");
            }

            changes.Add(new Change((RowKind)kind, reader.Long(), flags == 1, reader.Bytes(reader.Long())));
        }

        return new StreamFrame.Batch(after, sourceSeq, unsentBytes, new ChangeBatch(changes, completeUpTo));
    }

    private static void WriteLong(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }

    private ref struct PayloadReader(byte[] payload)
    {
        private int _at;

        public readonly bool HasMore => _at < payload.Length;

        public byte Byte() => Bytes(1).Span[0];

        public long Long() => BinaryPrimitives.ReadInt64BigEndian(Bytes(sizeof(long)).Span);

        public byte[] Rest() => Bytes(payload.Length - _at).ToArray();

        public ReadOnlyMemory<byte> Bytes(long lengthBytes)
        {
            if (lengthBytes < 0 || lengthBytes > payload.Length - _at)
            {
                throw new InvalidDataException("A frame is shorter than it says.");
            }

            var bytes = payload.AsMemory(_at, (int)lengthBytes);
            _at += (int)lengthBytes;
            return bytes;
        }
    }
}
