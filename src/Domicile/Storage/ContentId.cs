using System.Buffers;
using System.Security.Cryptography;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>Names of stored contents: 26 characters of a-z and 2-7, 128 random bits, drawn once and never reused.</summary>
internal static class ContentId
{
    public const int LengthChars = 26;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz234567");

    public static string Draw()
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        return Base32.Encode(random);
    }

    /// <summary>For ids that came from elsewhere: they become names of files.</summary>
    public static bool IsValid(string id) => id.Length == LengthChars && !id.AsSpan().ContainsAnyExcept(Allowed);
}
