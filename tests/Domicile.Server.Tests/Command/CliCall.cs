using System.Text.Json;
using Domicile.Cli;
using Xunit;

namespace Domicile.Server.Tests.Command;

/// <summary>One run of the command line in this process, and what it printed.</summary>
internal sealed record CliCall(int Code, string Out, string Error)
{
    /// <summary>The arguments as a shell would split them at blanks.</summary>
    public static Task<CliCall> RunAsync(string directory, string arguments)
        => RunAsync([.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--data", directory]);

    public static async Task<CliCall> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var host = new CliHost(output, error, false, false, Environment.GetEnvironmentVariable, TimeProvider.System);
        var code = await CommandLine.RunAsync(arguments, host, TestContext.Current.CancellationToken);
        return new CliCall(code, output.ToString(), error.ToString());
    }

    /// <summary>With --json: exit 0, and exactly one document on stdout.</summary>
    public static async Task<JsonElement> JsonAsync(string directory, string arguments)
    {
        var run = await RunAsync(directory, arguments + " --json");
        Assert.True(run.Code == 0, $"{arguments}: exit {run.Code}, {run.Error}");
        return OneDocument(run.Out, arguments);
    }

    public static JsonElement OneDocument(string text, string what)
    {
        try
        {
            // Whatever follows the document, other than white space, is an error to the parser.
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException notOne)
        {
            throw new Xunit.Sdk.XunitException($"{what}: not one JSON document ({notOne.Message}): {text}");
        }
    }
}
