using System.CommandLine;

namespace Domicile.Cli;

/// <summary>Which deployment a verb is about.</summary>
/// <param name="DataDirectory">As the person wrote it, for messages.</param>
/// <param name="TokenFile">Where the token lies; null: it is <paramref name="Token"/>.</param>
/// <param name="ControlUrl">Of a remote deployment; null: the local one below <paramref name="DataDirectory"/>.</param>
internal sealed record DeploymentAddress(string DataDirectory, string? ControlUrl, string? Token, string? TokenFile = null)
{
    /// <summary>What stands on the command line goes before the environment; --data means the local deployment.</summary>
    public static DeploymentAddress Of(ParseResult parsed, Func<string, string?> environment)
    {
        var data = parsed.GetValue(Globals.Data);
        var control = parsed.GetValue(Globals.Control) ?? (data is null ? Filled(environment("DOMICILE_CONTROL")) : null);
        var file = parsed.GetValue(Globals.TokenFile);
        var token = parsed.GetValue(Globals.Token)
            ?? (control is null || file is not null ? null : Filled(environment("DOMICILE_TOKEN")));
        return new DeploymentAddress(data ?? Globals.DefaultData, control, token, file);
    }

    /// <summary>For messages: <c>./domicile-data</c> rather than <c>domicile-data</c>.</summary>
    public string ShownDirectory
        => Path.IsPathRooted(DataDirectory) || DataDirectory.StartsWith('.') ? DataDirectory : $"./{DataDirectory}";

    private static string? Filled(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
