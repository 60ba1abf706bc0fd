namespace Domicile.Cli;

/// <summary>
/// Ends a verb from any depth with one line for the person at the terminal; caught once, in <see cref="CommandLine"/>.
/// </summary>
/// <param name="what">What failed, where and why, without a full stop.</param>
/// <param name="next">What to do next; null where there is nothing to say.</param>
internal sealed class VerbFailedException(string what, string? next = null) : Exception(what)
{
    public string OneLine
        => next is null ? Clean.Line(Message) : $"{Clean.Line(Message).TrimEnd('.')}: {Clean.Line(next)}";
}
