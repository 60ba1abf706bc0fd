using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Domicile.Cli;

/// <summary>Says in one line what is wrong with a command line, and which word was probably meant.</summary>
internal static class UsageError
{
    private const int DistanceMax = 3;

    /// <summary>Null: the command line is good.</summary>
    public static string? Of(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0 || parsed.Action is { ClearsParseErrors: true })
        {
            return null;
        }

        var command = parsed.CommandResult.Command;
        var path = PathOf(parsed.CommandResult);
        var word = parsed.UnmatchedTokens.Count > 0 ? Clean.Line(parsed.UnmatchedTokens[0]) : null;
        var hint = $"see `{path} --help`";
        if (word is not null && word.StartsWith('-'))
        {
            return $"unknown option '{word}' of `{path}`{Meant(Nearest(word, OptionsOf(parsed.CommandResult)))} {hint}";
        }

        if (command.Subcommands.Count > 0)
        {
            var verbs = command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToList();
            return word is null
                ? $"`{path}` needs a verb: {string.Join(", ", verbs)}; {hint}"
                : $"unknown verb '{word}'{Meant(Nearest(word, verbs))} {hint}";
        }

        return word is null
            ? $"{Clean.Line(parsed.Errors[0].Message).TrimEnd('.')}; {hint}"
            : $"'{word}' is one argument too many for `{path}`; {hint}";
    }

    /// <summary>The name with the fewest single-letter changes, if they are few.</summary>
    public static string? Nearest(string word, IEnumerable<string> names)
        => names.Select(name => (name, distance: name.StartsWith(word, StringComparison.Ordinal) ? 0 : Distance(word, name)))
            .Where(candidate => candidate.distance <= Math.Min(DistanceMax, Math.Max(1, candidate.name.Length / 2)))
            .OrderBy(candidate => candidate.distance).Select(candidate => candidate.name).FirstOrDefault();

    private static string Meant(string? nearest) => nearest is null ? ";" : $": did you mean '{nearest}'?";

    private static string PathOf(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? at = result; at is CommandResult command; at = command.Parent)
        {
            names.Insert(0, command.Command is RootCommand ? "domicile" : command.Command.Name);
        }

        return string.Join(' ', names);
    }

    private static IEnumerable<string> OptionsOf(CommandResult result)
    {
        for (SymbolResult? at = result; at is CommandResult command; at = command.Parent)
        {
            foreach (var option in command.Command.Options.Where(option => option is not HelpOption))
            {
                yield return option.Name;
            }
        }
    }

    // Levenshtein, with one row; words of a command line are short.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= Math.Min(left.Length, 64); i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }

        return row[right.Length];
    }
}
