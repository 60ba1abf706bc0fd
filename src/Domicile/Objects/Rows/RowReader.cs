using System.Text;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <summary>
/// Reads a row's canonical bytes, strictly: what it accepts is exactly what <see cref="RowWriter"/> writes.
/// </summary>
internal ref struct RowReader
{
    private readonly RowKind _kind;
    private ReadOnlySpan<byte> _rest;

    public RowReader(RowKind kind, ReadOnlySpan<byte> row)
    {
        _kind = kind;
        _rest = row;
        Require(Byte() == RowWriter.Format, "its format is unknown to this version of Domicile");
        Require(Byte() == (byte)kind, "it is of another kind");
    }

    public byte Byte()
    {
        Require(!_rest.IsEmpty, "it is cut short");
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public long Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                Require(next != 0 || shift == 0, "a number is longer than need be");
                return (long)value;
            }
        }

        throw Invalid("a number is out of range");
    }

    /// <param name="lengthBytesMax">Of its UTF-8.</param>
    public string Text(int lengthBytesMax)
    {
        var bytes = Bytes(lengthBytesMax);
        try
        {
            return RowWriter.Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException cause)
        {
            throw new InvalidRowException($"A {_kind} row was refused: a text is not UTF-8.", cause);
        }
    }

    public ReadOnlySpan<byte> Bytes(int lengthBytesMax)
    {
        var length = Number();
        Require(length <= lengthBytesMax, "a field is longer than its limit");
        Require(length <= _rest.Length, "it is cut short");
        var value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return value;
    }

    public bool Flag()
    {
        var value = Byte();
        Require(value <= 1, "a flag is neither 0 nor 1");
        return value == 1;
    }

    public readonly void End() => Require(_rest.IsEmpty, "bytes follow its end");

    public readonly void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw Invalid(what);
        }
    }

    private readonly InvalidRowException Invalid(string what)
        => new($"A {_kind} row was refused: {what}. Check that both regions run the same version, then start the move again.");
}
