using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Domicile.Cli.Demo;
using Domicile.Cli.Verbs;

namespace Domicile.Cli;

/// <summary>From words to an exit code. Every verb's failures end here, as one line.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args, CliHost host, CancellationToken cancellationToken)
    {
        if (Suggestions.TryAnswer(args, host))
        {
            return ExitCode.Done;
        }

        var parsed = Parse(args, host);
        if (UsageError.Of(parsed) is { } error)
        {
            await host.Error.WriteLineAsync($"domicile: {error}");
            return ExitCode.Usage;
        }

        if (parsed.GetResult(Globals.Token) is not null)
        {
            await host.Error.WriteLineAsync(
                "warning: --token shows in the list of processes and stays in the shell's history: use --token-file or DOMICILE_TOKEN");
        }

        try
        {
            return await parsed.InvokeAsync(Invocation(host), cancellationToken);
        }
        catch (VerbFailedException failure)
        {
            await host.Error.WriteLineAsync($"domicile: {failure.OneLine}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Broken machines: a full disk, a directory that isn't ours, a closed pipe. The message names the path.
            await host.Error.WriteLineAsync($"domicile: {Clean.Line(failure.Message)}");
            return ExitCode.Failed;
        }
    }

    public static ParseResult Parse(string[] args, CliHost host)
        => Root(host).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    /// <summary>A line as a person types it after the program's name.</summary>
    public static ParseResult Parse(string line, CliHost host) => Root(host).Parse(line);

    private static InvocationConfiguration Invocation(CliHost host)
        => new()
        {
            Output = host.Out,
            Error = host.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };

    private static RootCommand Root(CliHost host)
    {
        var root = new RootCommand(
            "Every user's data has a home. Domicile keeps it there, moves it live when the home changes, and proves it.")
        {
            UpVerb.Create(host), DownVerb.Create(host), StatusVerb.Create(host), ReloadVerb.Create(host),
            ServeVerb.Create(host),
            DemoVerb.Create(host),
            AccountVerbs.Create(host), WhereVerb.Create(host), KeyVerbs.Create(host),
            PolicyVerbs.Create(host), PlanVerb.Create(host), ApplyVerb.Create(host),
            MoveVerb.Create(host), MovesVerbs.Create(host), RegionVerbs.Create(host),
            ReceiptVerb.Create(host), VerifyVerb.Create(host), LedgerVerbs.Create(host),
            DoctorVerb.Create(host), CompletionVerb.Create(host),
        };
        root.Add(Globals.Data);
        root.Add(Globals.Control);
        root.Add(Globals.Token);
        root.Add(Globals.TokenFile);
        root.Add(Globals.Json);
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Aliases.Remove("/?");
            help.Aliases.Remove("/h");
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }

    /// <summary>The library's help, then the verb's examples.</summary>
    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var configuration = parseResult.InvocationConfiguration;
            var output = configuration.Output;
            using var text = new StringWriter();
            configuration.Output = text;
            var code = help.Invoke(parseResult);
            configuration.Output = output;
            // The library calls us by our file's name; people call us domicile.
            output.Write(text.ToString().Replace(RootCommand.ExecutableName, "domicile", StringComparison.Ordinal));
            if (parseResult.CommandResult.Command is VerbCommand { Examples.Count: > 0 } verb)
            {
                output.WriteLine("Examples:");
                foreach (var example in verb.Examples)
                {
                    output.WriteLine($"  {example}");
                }

                output.WriteLine();
            }

            return code;
        }
    }
}
