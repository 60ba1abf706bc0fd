using System.Globalization;

namespace Domicile.Server.S3.Wire;

/// <summary>A run of an object's bytes.</summary>
internal readonly record struct ByteRange(long OffsetBytes, long LengthBytes)
{
    private const string Unit = "bytes=";

    /// <summary>Inclusive, as headers write it.</summary>
    public long Last => OffsetBytes + LengthBytes - 1;

    /// <summary>
    /// Reads a Range header (RFC 9110 14.2). Null: there is none to follow, since it is broken, of another unit, or asks
    /// for several ranges, which S3 answers with the whole object. A length of 0: it can't be satisfied.
    /// </summary>
    public static ByteRange? Parse(string? header, long sizeBytes)
    {
        var unsatisfiable = new ByteRange(0, 0);
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase) || header.Contains(','))
        {
            return null;
        }

        var text = header.AsSpan(Unit.Length).Trim();
        var dash = text.IndexOf('-');
        if (dash < 0)
        {
            return null;
        }

        var first = text[..dash].Trim();
        var last = text[(dash + 1)..].Trim();
        if (first.IsEmpty)
        {
            return TryNumber(last, out var suffix)
                ? suffix == 0 || sizeBytes == 0 ? unsatisfiable : Between(sizeBytes - Math.Min(suffix, sizeBytes), sizeBytes - 1)
                : null;
        }

        var end = long.MaxValue;
        if (!TryNumber(first, out var start) || (!last.IsEmpty && !TryNumber(last, out end)) || end < start)
        {
            return null;
        }

        return start >= sizeBytes ? unsatisfiable : Between(start, Math.Min(end, sizeBytes - 1));
    }

    /// <summary>x-amz-copy-source-range: both ends given. Null: it is not of that form.</summary>
    public static ByteRange? ParseExact(string header)
    {
        var dash = header.IndexOf('-', StringComparison.Ordinal);
        return header.StartsWith(Unit, StringComparison.Ordinal) && dash > Unit.Length
            && TryNumber(header.AsSpan(Unit.Length, dash - Unit.Length), out var first)
            && TryNumber(header.AsSpan(dash + 1), out var last) && first <= last && last < long.MaxValue
            ? Between(first, last)
            : null;
    }

    private static ByteRange Between(long first, long last) => new(first, last - first + 1);

    // More digits than a long holds are a number all the same: beyond any object's end.
    private static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        number = long.MaxValue;
        return !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9')
            && (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) || Overflow(out number));
    }

    private static bool Overflow(out long number)
    {
        number = long.MaxValue;
        return true;
    }
}
