using System.Globalization;
using System.Text;

namespace Domicile;

/// <summary>Words of another process, before they go into an error, a log or a stored record: some of one line, and no more.</summary>
internal static class PeerText
{
    public const int CharsMax = 1024;

    /// <summary>
    /// Control characters, line ends and what turns the direction of writing become blanks; what is too long is cut.
    /// </summary>
    public static string Clean(string? text)
    {
        if (text is null)
        {
            return "";
        }

        var cut = text.Length > CharsMax;
        var clean = new StringBuilder(cut ? text[..(CharsMax - 1)] : text);
        for (var i = 0; i < clean.Length; i++)
        {
            if (char.GetUnicodeCategory(clean[i]) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                clean[i] = ' ';
            }
        }

        return cut ? clean.Append('…').ToString() : clean.ToString();
    }
}
