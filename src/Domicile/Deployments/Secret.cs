using System.Text.RegularExpressions;

namespace Domicile.Deployments;

/// <summary>
/// A secret of the config, as it was written: the text itself, with <c>${NAME}</c> for an environment variable, or
/// <c>file:PATH</c>. It is read when it is needed, never printed.
/// </summary>
internal sealed partial class Secret
{
    public const int FileLengthBytesMax = 64 * 1024;

    private const string FilePrefix = "file:";

    private readonly string _expression;
    private readonly string _directory;

    /// <param name="directory">Where a relative <c>file:PATH</c> starts.</param>
    public Secret(string expression, string directory, LocatedError place)
        => (_expression, _directory, Place) = (expression, directory, place);

    /// <summary>File and line; the message names the key.</summary>
    public LocatedError Place { get; }

    /// <summary>Where it lies; null where it is in no file of its own.</summary>
    public string? FilePath
        => _expression.StartsWith(FilePrefix, StringComparison.Ordinal)
            ? Path.GetFullPath(_expression[FilePrefix.Length..], _directory) : null;

    public SecretResult Read() => FilePath is { } path ? ReadFile(path) : ReadVariables();

    public override string ToString() => "(secret)";

    private SecretResult ReadFile(string path)
    {
        if (ConfigFile.Read(path, FileLengthBytesMax, out var text) is { } error)
        {
            return Missing($"file '{path}': {error.Message}");
        }

        // Editors end a file with a line feed; it is not part of the secret.
        var value = text.TrimEnd('\r', '\n');
        return value.Length == 0 ? Missing($"file '{path}' is empty") : new SecretResult.Known(value);
    }

    private SecretResult ReadVariables()
    {
        var missing = Variable().Matches(_expression).Select(match => match.Groups[1].Value)
            .FirstOrDefault(name => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));
        return missing is not null
            ? Missing($"environment variable {missing} is not set; set it, or write file:PATH")
            : Variable().Replace(_expression, "").Contains("${", StringComparison.Ordinal)
            ? Missing("'${' is followed by no name and '}'; write ${NAME}")
            : new SecretResult.Known(
                Variable().Replace(_expression, match => Environment.GetEnvironmentVariable(match.Groups[1].Value)!));
    }

    private SecretResult.Missing Missing(string cause) => new(Place.With($"'{Place.Message}' can't be read: {cause}"));

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Variable();
}

/// <summary>What became of reading a secret.</summary>
internal abstract record SecretResult
{
    private SecretResult()
    {
    }

    /// <summary>A class and not a record member: its text must not be printed by accident.</summary>
    public sealed record Known(string Value) : SecretResult
    {
        public override string ToString() => "(secret)";
    }

    public sealed record Missing(LocatedError Error) : SecretResult;
}
