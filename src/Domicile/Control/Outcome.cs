using System.Diagnostics.CodeAnalysis;

namespace Domicile.Control;

/// <summary>What became of an operation of control's: its answer, or one clear reason and nothing changed.</summary>
internal abstract record Outcome<T>
{
    private Outcome()
    {
    }

    public sealed record Done(T Answer) : Outcome<T>;

    public sealed record Refused(Refusal Refusal) : Outcome<T>;

    /// <returns>Whether it was done.</returns>
    public bool Is([MaybeNullWhen(false)] out T answer, [NotNullWhen(false)] out Refusal? refusal)
    {
        (answer, refusal) = this switch
        {
            Done done => (done.Answer, (Refusal?)null),
            Refused refused => (default, refused.Refusal),
            _ => throw new InvariantViolatedException(nameof(Outcome<>)),
        };
        return refusal is null;
    }

    public static implicit operator Outcome<T>(T answer) => new Done(answer);

    public static implicit operator Outcome<T>(Refusal refusal) => new Refused(refusal);
}

/// <summary>Why an operation was not done.</summary>
/// <param name="Error">The operation's cause of failure, one sentence without a full stop at its end.</param>
/// <param name="Next">What to do; null where nothing is to be done.</param>
internal sealed record Refusal(RefusalKind Kind, string Error, string? Next)
{
    public static Refusal Malformed(string error, string? next = null) => new(RefusalKind.Malformed, error, next);

    public static Refusal NotFound(string error, string? next = null) => new(RefusalKind.NotFound, error, next);

    public static Refusal Conflict(string error, string? next = null) => new(RefusalKind.Conflict, error, next);

    public static Refusal Forbidden(string error, string? next = null) => new(RefusalKind.Forbidden, error, next);

    public static Refusal Unavailable(string error, string? next = null) => new(RefusalKind.Unavailable, error, next);
}

internal enum RefusalKind
{
    /// <summary>The request can't be understood: 400.</summary>
    Malformed,

    /// <summary>There is no such thing: 404.</summary>
    NotFound,

    /// <summary>It doesn't fit what is so at this moment: 409.</summary>
    Conflict,

    /// <summary>It is understood, and policy or sense forbid it: 422.</summary>
    Forbidden,

    /// <summary>A region doesn't answer: 503.</summary>
    Unavailable,
}
