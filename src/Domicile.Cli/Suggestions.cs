using System.Globalization;

namespace Domicile.Cli;

/// <summary>Answers completion scripts: <c>domicile "[suggest:POSITION]" "LINE"</c>, one fitting word a line.</summary>
internal static class Suggestions
{
    private const string Directive = "[suggest:";

    public static bool TryAnswer(string[] args, CliHost host)
    {
        if (args is not [var directive, var line] || !directive.StartsWith(Directive, StringComparison.Ordinal)
            || !int.TryParse(directive[Directive.Length..].TrimEnd(']'), CultureInfo.InvariantCulture, out var position))
        {
            return false;
        }

        // Up to the cursor, and without the program's own name, however it was called.
        var before = line[..Math.Clamp(position, 0, line.Length)];
        var name = before.IndexOf(' ', StringComparison.Ordinal);
        var words = name < 0 ? "" : before[(name + 1)..];
        foreach (var fitting in CommandLine.Parse(words, host).GetCompletions(words.Length))
        {
            host.Out.WriteLine(fitting.Label);
        }

        host.Out.Flush();
        return true;
    }
}
