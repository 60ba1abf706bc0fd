namespace Domicile.Cli;

/// <summary>What the command line has of its process: streams, environment, time.</summary>
/// <param name="OutIsTerminal">Colours and wide tables are for terminals.</param>
/// <param name="ErrorIsTerminal">Progress bars are for terminals.</param>
/// <param name="Environment">Value of an environment variable, or null.</param>
internal sealed record CliHost(
    TextWriter Out, TextWriter Error, bool OutIsTerminal, bool ErrorIsTerminal,
    Func<string, string?> Environment, TimeProvider Time)
{
    /// <summary>Where a person answers; nobody does where it is no terminal.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    public bool InIsTerminal { get; init; }

    public static CliHost OfProcess()
        => new(
            Console.Out, Console.Error, !Console.IsOutputRedirected, !Console.IsErrorRedirected,
            System.Environment.GetEnvironmentVariable, TimeProvider.System)
        {
            In = Console.In,
            InIsTerminal = !Console.IsInputRedirected,
        };
}
