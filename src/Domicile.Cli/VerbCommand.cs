using System.CommandLine;

namespace Domicile.Cli;

/// <summary>A verb, or a group of verbs: what <c>--help</c> says of it, with examples.</summary>
internal sealed class VerbCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Whole command lines.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    public VerbCommand Runs(CliHost host, Func<VerbCall, CancellationToken, Task<int>> run)
    {
        SetAction((parsed, cancellationToken) => run(new VerbCall(parsed, host), cancellationToken));
        return this;
    }
}
