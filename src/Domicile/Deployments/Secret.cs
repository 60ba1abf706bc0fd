namespace Domicile.Deployments;

/// <summary>
/// A secret of the config, as it was written: the text itself, with <c>${NAME}</c> for an environment variable, or
/// <c>file:PATH</c>. It is read when it is needed, never printed.
/// </summary>
internal sealed class Secret
{
    private readonly string _expression;
    private readonly string _directory;

    /// <param name="directory">Where a relative <c>file:PATH</c> starts.</param>
    public Secret(string expression, string directory, LocatedError place)
        => (_expression, _directory, Place) = (expression, directory, place);

    /// <summary>File and line; the message names the key.</summary>
    public LocatedError Place { get; }

    public SecretResult Read() => throw new NotImplementedException();

    public override string ToString() => "(secret)";
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
