using System.Buffers;
using System.Net;

namespace Domicile.Server.S3.Wire;

/// <summary>S3's rules for names of general purpose buckets (Amazon S3 User Guide, "Bucket naming rules").</summary>
internal static class BucketName
{
    private const int LengthCharsMin = 3;
    private const int LengthCharsMax = 63;

    private static readonly SearchValues<char> Allowed
        = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");

    private static readonly string[] PrefixesReserved = ["xn--", "sthree-", "amzn-s3-demo-"];
    private static readonly string[] SuffixesReserved = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

    public static bool IsValid(string name)
        => name.Length is >= LengthCharsMin and <= LengthCharsMax
            && !name.AsSpan().ContainsAnyExcept(Allowed)
            && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
            && !name.Contains("..", StringComparison.Ordinal)
            && !IsAddress(name)
            && !PrefixesReserved.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
            && !SuffixesReserved.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    private static bool IsAddress(string name) => name.Count(c => c == '.') == 3 && IPAddress.TryParse(name, out _);
}
