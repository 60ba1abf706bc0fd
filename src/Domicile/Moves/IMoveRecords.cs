namespace Domicile.Moves;

/// <summary>Control's saved moves.</summary>
internal interface IMoveRecords
{
    /// <summary>As last saved; null where there is none.</summary>
    Move? Find(Guid id);

    /// <summary>Saves a new move, unless the account has an open one. Durable at return.</summary>
    /// <returns>The move that was open already; null where this one was added.</returns>
    Task<Move?> AddAsync(Move move, CancellationToken cancellationToken);

    /// <summary>Compare-and-set: saves <paramref name="after"/> if <paramref name="before"/> is what is saved. Durable at return.</summary>
    /// <returns>False where another runner was faster: look again.</returns>
    Task<bool> SaveAsync(Move before, Move after, CancellationToken cancellationToken);

    IReadOnlyList<Move> ListOpen();

    /// <summary>Newest first.</summary>
    IReadOnlyList<Move> List(int atMost);

    Move? FindOpen(Accounts.AccountId account);
}
