using System.Globalization;

namespace Domicile.Objects.Rows;

/// <summary>The parts of a row's key: separated by NUL, the free text last.</summary>
internal static class RowKeys
{
    public static string Join(string first, string second, string last) => $"{first}\0{second}\0{last}";

    /// <exception cref="InvalidRowException">Fewer than <paramref name="count"/> parts.</exception>
    public static string[] Split(string key, int count)
    {
        var parts = key.Split('\0', count);
        return parts.Length == count ? parts : throw new InvalidRowException("A deletion was refused: its key is cut short.");
    }

    /// <exception cref="InvalidRowException">Not a number as <see cref="Number(long)"/> writes it.</exception>
    public static long Number(string text)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Number(number) == text
            ? number
            : throw new InvalidRowException("A deletion was refused: its key holds no number where it must.");

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
