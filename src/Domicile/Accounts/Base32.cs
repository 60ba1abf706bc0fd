namespace Domicile.Accounts;

/// <summary>RFC 4648 base 32 in lower case and without padding: safe in names of files, hosts and keys.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[(bytes.Length * 8 + 4) / 5];
        var buffer = 0u;
        var bits = 0;
        var at = 0;
        foreach (var value in bytes)
        {
            buffer = (buffer << 8) | value;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[at++] = Alphabet[(int)(buffer >> bits) & 31];
            }
        }

        if (bits > 0)
        {
            text[at] = Alphabet[(int)(buffer << (5 - bits)) & 31];
        }

        return new string(text);
    }
}
