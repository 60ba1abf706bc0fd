using System.CommandLine;

namespace Domicile.Cli;

/// <summary>One run of a verb: its arguments, where it prints, and which deployment it is about.</summary>
internal sealed class VerbCall(ParseResult parsed, CliHost host)
{
    public CliHost Host { get; } = host;

    public TimeProvider Time => Host.Time;

    public Terminal Terminal { get; } = new(host, parsed.GetValue(Globals.Json));

    public DeploymentAddress Address { get; } = DeploymentAddress.Of(parsed, host.Environment);

    /// <summary>Where a local deployment lies, whether or not it is there.</summary>
    public string DataDirectory => Path.GetFullPath(Address.DataDirectory);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>The caller disposes it.</summary>
    public ControlClient OpenControl() => ControlClient.Open(Address, Terminal.Say);
}
