using System.Globalization;
using System.Text;

namespace Domicile.Cli;

/// <summary>
/// Keeps text that others wrote from steering the terminal or from looking like other text: no control characters, no line
/// breaks, nothing that turns the direction of writing, nothing that nobody sees.
/// </summary>
internal static class Clean
{
    public const int CellCharsMax = 2_000;

    private const string Hidden = "\ufffd";

    public static string Line(string text)
    {
        var clean = new StringBuilder();
        var left = CellCharsMax;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf16SequenceLength;
            if (left < 0)
            {
                return clean.Append('…').ToString();
            }

            clean.Append(Rune.IsControl(rune) ? " " : IsHidden(rune) ? Hidden : rune.ToString());
        }

        return clean.ToString();
    }

    /// <summary>
    /// Whether a person can't see that the character is there: Unicode's format characters (bidirectional overrides, isolates
    /// and marks, joiners, tags), line separators, and what else the property Default_Ignorable_Code_Point has
    /// (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point). Joiners in names of some scripts and in some
    /// emoji go with them. A lone half of a surrogate pair is read as U+FFFD itself.
    /// </summary>
    public static bool IsHidden(Rune rune)
        => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            || rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2800 or 0x3164
                or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF);
}
