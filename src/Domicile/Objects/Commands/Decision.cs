namespace Domicile.Objects.Commands;

/// <summary>What a command will do, decided before anything changes.</summary>
internal abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Nothing changes.</summary>
    public sealed record Answer(CommandResult Result) : Decision;

    /// <param name="Apply">Makes the change under the write's seq. Called once, and only after the fence.</param>
    public sealed record Change(Func<long, CommandResult> Apply) : Decision;

    public static readonly Decision NothingToDo = new Answer(new CommandResult.Done());

    public static Decision Refuse(string code, string? detail = null) => new Answer(new CommandResult.Refused(code, detail));

    /// <summary>A change that answers nothing but that it is done.</summary>
    public static Decision Do(Action<long> apply)
        => new Change(seq =>
        {
            apply(seq);
            return new CommandResult.Done();
        });
}
