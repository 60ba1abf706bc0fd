using System.Text;

namespace Domicile.Server.Tests.Relay;

/// <summary>As much of header compression (RFC 7541) as both sides use where the dynamic table has no room.</summary>
internal static class Hpack
{
    // Appendix A.
    private static readonly (string Name, string Value)[] Static =
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
        (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
        (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
        ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
        ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
        ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
        ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
        ("via", ""), ("www-authenticate", ""),
    ];

    /// <summary>Section 5.2, without Huffman's code.</summary>
    public static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. Length(bytes.Length), .. bytes];
    }

    public static List<(string Name, string Value)> Read(ReadOnlySpan<byte> block)
    {
        var lines = new List<(string Name, string Value)>();
        while (block.Length > 0)
        {
            if ((block[0] & 0x80) != 0)
            {
                lines.Add(Static[ReadNumber(ref block, 7) - 1]);
            }
            else if ((block[0] & 0xe0) == 0x20)
            {
                _ = ReadNumber(ref block, 5); // The table's size.
            }
            else
            {
                var index = ReadNumber(ref block, (block[0] & 0xc0) == 0x40 ? 6 : 4);
                var name = index == 0 ? ReadText(ref block) : Static[index - 1].Name;
                lines.Add((name, ReadText(ref block)));
            }
        }

        return lines;
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        var isHuffman = (block[0] & 0x80) != 0;
        var length = ReadNumber(ref block, 7);
        var text = isHuffman
            ? throw new NotSupportedException("Huffman's code is not read here.") : Encoding.UTF8.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    // Section 5.1.
    private static int ReadNumber(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        var max = (1 << prefixBits) - 1;
        var number = block[0] & max;
        block = block[1..];
        for (var shift = 0; number >= max; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            number += (next & 0x7f) << shift;
            if ((next & 0x80) == 0)
            {
                break;
            }
        }

        return number;
    }

    private static byte[] Length(int length)
    {
        if (length < 127)
        {
            return [(byte)length];
        }

        var bytes = new List<byte> { 127 };
        for (length -= 127; length >= 128; length /= 128)
        {
            bytes.Add((byte)((length % 128) | 128));
        }

        return [.. bytes, (byte)length];
    }
}
