using System.Globalization;

namespace Domicile.Bench;

/// <summary>How numbers look in tables.</summary>
internal static class Numbers
{
    private const double MiB = 1 << 20;

    /// <summary>Three digits that count, and no exponent.</summary>
    public static string Of(double value)
        => value.ToString(
            double.IsNaN(value) ? "" : Math.Abs(value) >= 100 ? "#,0" : Math.Abs(value) >= 10 ? "0.0" : "0.00",
            CultureInfo.InvariantCulture);

    public static double MebibytesOf(double bytes) => bytes / MiB;

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>4 KiB, 16 MiB.</summary>
    public static string Size(long bytes)
        => bytes >= 1L << 30 ? $"{Count(bytes >> 30)} GiB"
            : bytes >= 1 << 20 ? $"{Count(bytes >> 20)} MiB"
            : $"{Count(bytes >> 10)} KiB";
}
