namespace Domicile.Cli;

/// <summary>Keeps text that others wrote from steering the terminal: no control characters, no line breaks.</summary>
internal static class Clean
{
    public const int CellCharsMax = 2_000;

    public static string Line(string text)
    {
        var clean = string.Concat(text.Take(CellCharsMax).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length > CellCharsMax ? clean + "…" : clean;
    }
}
