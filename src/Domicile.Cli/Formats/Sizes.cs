using System.Globalization;

namespace Domicile.Cli.Formats;

/// <summary>Lengths for people: bytes up to 1,023, then binary units with three significant digits at least.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Format(long bytes)
    {
        if (bytes < 1_024)
        {
            return $"{bytes.ToString(CultureInfo.InvariantCulture)} B";
        }

        var value = (double)bytes;
        var unit = -1;
        // 1,023.95 KiB would print as 1,024: the next unit then.
        while (value >= 1_023.95 && unit < Units.Length - 1)
        {
            value /= 1_024;
            unit++;
        }

        return $"{value.ToString(value < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
