using System.CommandLine;

namespace Domicile.Cli;

/// <summary>Options of every verb.</summary>
internal static class Globals
{
    public const string DefaultData = "domicile-data";

    public static readonly Option<string?> Data = new("--data")
    {
        Description = "Directory of a local deployment (default: ./domicile-data)",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<string?> Control = new("--control")
    {
        Description = "URL of a deployment's control API (or DOMICILE_CONTROL)",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<string?> Token = new("--token")
    {
        Description = "Bearer token of the control API; the list of processes shows it: rather --token-file, or DOMICILE_TOKEN",
        HelpName = "T",
        Recursive = true,
    };

    public static readonly Option<string?> TokenFile = new("--token-file")
    {
        Description = "File that holds the bearer token of the control API",
        HelpName = "FILE",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "One JSON document on stdout (JSON Lines where it streams), and nothing else there",
        Recursive = true,
    };
}
