using Domicile.Cli;

namespace Domicile.Tests.Cli;

/// <summary>One run of the command line in this process, and what it printed.</summary>
internal sealed record CliRun(int Code, string Out, string Error)
{
    public static Task<CliRun> Of(params string[] args) => Of(new Dictionary<string, string>(), args);

    public static async Task<CliRun> Of(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var host = new CliHost(output, error, false, false, environment.GetValueOrDefault, TimeProvider.System);
        var code = await CommandLine.RunAsync(args, host, CancellationToken.None);
        return new CliRun(code, output.ToString(), error.ToString());
    }

    public string[] ErrorLines => Error.TrimEnd('\n').Split('\n');
}
