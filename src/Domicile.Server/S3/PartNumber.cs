using System.Globalization;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>The number of a part, 1 to 10,000.</summary>
internal static class PartNumber
{
    public static Outcome<int> Parse(string? text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= S3Limits.PartNumberMax
                ? number
                : S3Error.InvalidArgument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive");
}
