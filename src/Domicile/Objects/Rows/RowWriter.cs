using System.Buffers;
using System.Text;

namespace Domicile.Objects.Rows;

/// <summary>Writes a row's canonical bytes; see docs/formats/rows.md.</summary>
internal sealed class RowWriter
{
    /// <summary>Of the layout of every kind of row. Another layout is another number, and other digests.</summary>
    public const byte Format = 1;

    // Strict: a lone surrogate has no UTF-8, and two different texts must not become the same bytes.
    internal static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private const int KeptBytesMax = 64 << 10;

    // A row's bytes are gathered where those of the thread's last row were.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_spare;

    private readonly ArrayBufferWriter<byte> _bytes;

    public RowWriter(Storage.RowKind kind)
    {
        (_bytes, t_spare) = (t_spare ?? new ArrayBufferWriter<byte>(256), null);
        Byte(Format);
        Byte((byte)kind);
    }

    public void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    /// <summary>An unsigned LEB128 of at most 9 bytes, as short as can be.</summary>
    /// <param name="value">Not negative.</param>
    public void Number(long value)
    {
        Invariant.Check(value >= 0);
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }

        Byte((byte)rest);
    }

    public void Text(string value)
    {
        var length = Utf8.GetByteCount(value);
        Number(length);
        Utf8.GetBytes(value, _bytes.GetSpan(length));
        _bytes.Advance(length);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        _bytes.Write(value);
    }

    /// <summary>The row. The writer has ended with it.</summary>
    public byte[] ToArray()
    {
        var row = _bytes.WrittenSpan.ToArray();
        if (_bytes.Capacity <= KeptBytesMax)
        {
            _bytes.ResetWrittenCount();
            t_spare = _bytes;
        }

        return row;
    }
}
