using System.Text.RegularExpressions;
using Domicile.Cli;
using Xunit;

namespace Domicile.Tests;

/// <summary>The documents point at what is there, and their commands are ones that the command line takes.</summary>
public sealed partial class DocsTests
{
    private static readonly (string Path, string Text)[] Documents =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Select(path => (path, File.ReadAllText(path))),
    ];

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading_of_it()
        => AssertNone(
            from document in Documents
            from Match link in Link().Matches(Code().Replace(document.Text, ""))
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal) && !LeadsSomewhere(document.Path, target)
            select $"{Where(document)}: {target}");

    [Fact]
    public void Every_path_of_the_repository_that_is_named_exists()
        => AssertNone(
            from document in Documents
            from Match named in NamedPath().Matches(document.Text)
            let path = Path.Combine(Repository.Root, named.Groups[1].Value)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{Where(document)}: {named.Groups[1].Value}");

    [Fact]
    public void Every_command_is_one_that_the_command_line_takes()
        => AssertNone(
            from document in Documents
            from Match command in Command().Matches(document.Text)
            let line = Fill(command.Groups[1].Value)
            let parsed = CommandLine.Parse(line, Host())
            let wrong = UsageError.Of(parsed)
            where wrong is not null && !IsJustNamed(parsed.CommandResult.Command.Name, line)
            select $"{Where(document)}: domicile {line}: {wrong}");

    private static bool LeadsSomewhere(string from, string target)
    {
        var (path, heading) = target.Split('#', 2) is [var left, var right] ? (left, right) : (target, "");
        var file = path.Length == 0 ? from : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(from)!, path));
        return heading.Length == 0
            ? File.Exists(file) || Directory.Exists(file)
            : File.Exists(file) && Heading().Matches(File.ReadAllText(file)).Any(found => Anchor(found.Groups[1].Value) == heading);
    }

    // As the forges make them: lower case, without punctuation, spaces to hyphens.
    private static string Anchor(string heading)
        => string.Concat(heading.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    // `domicile key list` in a sentence speaks of the verb, without its arguments.
    private static bool IsJustNamed(string verb, string line) => line.Split(' ')[^1] == verb;

    /// <summary>A command as somebody would give it: words in capitals are filled in, what the shell takes is left out.</summary>
    private static string Fill(string command)
    {
        var line = ShellPart().Replace(command, "");
        return line.Replace("ACCOUNT", "xk3v5yq2mbnd7hae", StringComparison.Ordinal)
            .Replace("MOVE", "0197a1b2-0000-7000-8000-000000000000", StringComparison.Ordinal)
            .Replace("ACCESSKEY", "DKXK3V5YQ2MBND7HAEABCD2345", StringComparison.Ordinal);
    }

    private static CliHost Host()
        => new(TextWriter.Null, TextWriter.Null, false, false, _ => null, TimeProvider.System);

    private static string Where((string Path, string Text) document) => Path.GetRelativePath(Repository.Root, document.Path);

    private static void AssertNone(IEnumerable<string> wrong)
    {
        var lines = string.Join('\n', wrong);
        Assert.True(lines.Length == 0, lines);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^    .*$|`[^`\n]*`", RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex(@"`((?:src|tests|docs|spec|samples|benchmarks|eng)/[A-Za-z0-9_./-]+)")]
    private static partial Regex NamedPath();

    // An indented line or words in backticks that begin with the program's name.
    [GeneratedRegex(@"(?:^    (?:\$ )?|`)(?:\./)?domicile ([a-z-][^`\n]*)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex("^#+ (.*?)\\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\s+[#|>&].*$|\s+….*$")]
    private static partial Regex ShellPart();
}
