using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>Control's desk for moves: takes requests, runs them, tells how they stand. At most one open move per account.</summary>
internal sealed class MoveDesk
{
    /// <summary>Saves the move; the runner advances it. The caller has asked the policy.</summary>
    public Task<MoveRequestResult> RequestAsync(MoveRequest request, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Asks for the way back; possible until the commit point, which may be passing at this moment.</summary>
    public Task<AbortResult> AbortAsync(Guid move, string reason, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    public Move? Find(Guid move) => throw new NotImplementedException();

    /// <summary>Newest first, at most <paramref name="atMost"/>.</summary>
    public IReadOnlyList<Move> List(int atMost) => throw new NotImplementedException();

    /// <summary>The move that is under way for the account, if any.</summary>
    public Move? FindOpen(AccountId account) => throw new NotImplementedException();

    /// <summary>How far the target is; null while nothing is known.</summary>
    public StepAnswer.Arriving? Progress(Guid move) => throw new NotImplementedException();

    /// <summary>Completes at the next change of any move. Take the ticket, look, then wait.</summary>
    public Task ChangedSince(long seen, CancellationToken cancellationToken) => throw new NotImplementedException();

    public long ChangeCount => throw new NotImplementedException();

    /// <summary>How many moves run at the same time.</summary>
    public int AtOnce { get; set; } = 4;
}

internal sealed record MoveRequest(
    AccountProfile Profile, RegionName Source, RegionName Target, long Epoch, long PolicyRevision, string Rule,
    TimeSpan EraseAfter, byte[] Salt, long Objects, long Bytes);

/// <summary>What became of a request to move an account.</summary>
internal abstract record MoveRequestResult
{
    private MoveRequestResult()
    {
    }

    public sealed record Accepted(Move Move) : MoveRequestResult;

    public sealed record AlreadyMoving(Move Other) : MoveRequestResult;

    /// <summary>Unknown, unreachable, forbidden or full target, or a source that isn't the home: nothing was done.</summary>
    public sealed record Refused(string Reason) : MoveRequestResult;
}

internal abstract record AbortResult
{
    private AbortResult()
    {
    }

    /// <summary>The move goes back, unless the target turns out to have been activated already.</summary>
    public sealed record Asked : AbortResult;

    /// <summary>Past the commit point, or over.</summary>
    public sealed record TooLate(MoveState State) : AbortResult;

    public sealed record NoSuchMove : AbortResult;
}
