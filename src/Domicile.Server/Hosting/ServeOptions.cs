using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Server.Hosting;

/// <summary>What a process is to be: <c>--role control|region|mover [--region NAME] --config FILE --data DIR [--log FILE]</c>.</summary>
/// <param name="LogFile">Where standard error goes to, if it is a file that this process is to keep small.</param>
internal sealed record ServeOptions(
    ServeRole Role, RegionName? Region, string ConfigPath, string DataDirectory, string? LogFile = null)
{
    private const string Usage =
        "usage: dotnet Domicile.Server.dll --role control|region|mover [--region NAME] --config FILE --data DIR [--log FILE]";

    /// <summary>The role that the deployment knows.</summary>
    public ProcessRole Process => Role == ServeRole.Region ? new ProcessRole.Region(Region!.Value) : new ProcessRole.Control();

    /// <param name="error">One line; empty where the options are good.</param>
    public static ServeOptions? Read(IReadOnlyList<string> arguments, out string error)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var isKnown = arguments[i] is "--role" or "--region" or "--config" or "--data" or "--log";
            if (!isKnown || i + 1 == arguments.Count || !given.TryAdd(arguments[i], arguments[i + 1]))
            {
                error = $"option '{arguments[i]}' is unknown, repeated or has no value; {Usage}";
                return null;
            }
        }

        error = Check(given);
        return error.Length > 0 ? null : new ServeOptions(
            RoleOf(given["--role"])!.Value,
            given.TryGetValue("--region", out var region) ? RegionName.Parse(region) : null,
            given["--config"], given["--data"], given.GetValueOrDefault("--log"));
    }

    private static string Check(Dictionary<string, string> given)
    {
        if (!given.TryGetValue("--role", out var name) || !given.ContainsKey("--config") || !given.ContainsKey("--data"))
        {
            return $"--role, --config and --data are needed; {Usage}";
        }

        var role = RoleOf(name);
        var hasRegion = given.TryGetValue("--region", out var region);
        return role switch
        {
            null => $"there is no role '{name}'; {Usage}",
            ServeRole.Region when !RegionName.TryParse(region, out _) => $"a region needs its name with --region; {Usage}",
            not ServeRole.Region when hasRegion => $"only a region has a --region; {Usage}",
            _ => "",
        };
    }

    private static ServeRole? RoleOf(string text) => text switch
    {
        "control" => ServeRole.Control,
        "region" => ServeRole.Region,
        "mover" => ServeRole.Mover,
        _ => null,
    };
}

internal enum ServeRole
{
    Control,
    Region,

    /// <summary>A worker of moves besides control; with an SQLite store control runs them itself.</summary>
    Mover,
}
