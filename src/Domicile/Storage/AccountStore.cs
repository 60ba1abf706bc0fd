using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// One account's database and contents in this region. One writer commits what is waiting as one transaction (group
/// commit); readers see what was committed when they began.
/// </summary>
internal sealed class AccountStore
{
    public AccountId Account => throw new NotImplementedException();

    /// <summary>The row as last committed; null where the region knows nothing of the account. Costs no disk access.</summary>
    public AccountRow? Row => throw new NotImplementedException();

    /// <summary>
    /// Completes when a commit later than the one seen by <paramref name="seen"/> has happened. Pushing streams and waiting
    /// requests live on it. Take the ticket first, then look, then wait.
    /// </summary>
    public Task ChangedSince(long seen, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Counts commits; a ticket for <see cref="ChangedSince"/>.</summary>
    public long CommitCount => throw new NotImplementedException();

    /// <summary>
    /// Runs <paramref name="work"/> in a transaction, with others that wait, and returns when it is durable. If it throws,
    /// its changes are undone and the others' are not. Work must be quick: it holds the account's only writer.
    /// </summary>
    /// <exception cref="Domicile.Objects.StorageFullException">The disk is full; nothing was changed.</exception>
    public Task<T> WriteAsync<T>(Func<AccountTransaction, T> work, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Runs a query on a snapshot. Synchronous: SQLite's reads are.</summary>
    public T Read<T>(Func<Sql, T> query) => throw new NotImplementedException();

    /// <summary>A hold that erasing waits for; take it before the state is checked, and give it back.</summary>
    public IDisposable HoldOpen() => throw new NotImplementedException();

    /// <summary>Completes when no hold is open, or after the time.</summary>
    /// <returns>Whether no hold was open at the end.</returns>
    public Task<bool> WaitForHoldsAsync(TimeSpan atMost, CancellationToken cancellationToken)
        => throw new NotImplementedException();
}

/// <summary>A write transaction on an account's database, with what a change of its rows must keep true.</summary>
internal sealed class AccountTransaction
{
    public Sql Sql => throw new NotImplementedException();

    public AccountId Account => throw new NotImplementedException();

    /// <summary>The account's row as this transaction sees it; null where there is none.</summary>
    public AccountRow? Row => throw new NotImplementedException();

    /// <summary>When the transaction's work began.</summary>
    public DateTimeOffset Now => throw new NotImplementedException();

    /// <summary>
    /// The fence: numbers a write if the account is active here in this epoch, in one statement.
    /// </summary>
    /// <returns>The write's seq; null where the account isn't writable here, now: change nothing.</returns>
    public long? Fence(long epoch) => throw new NotImplementedException();

    /// <summary>Replaces the account's row (not its seq or digest) or makes it.</summary>
    public void PutRow(AccountRow row) => throw new NotImplementedException();

    /// <summary>A row of the account came to be or changed: its element goes into the digest, the old one's out.</summary>
    /// <param name="before">Canonical bytes of the row that it replaces; empty where there was none.</param>
    /// <param name="after">Canonical bytes of the new row; empty where it was deleted.</param>
    public void Digest(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after) => throw new NotImplementedException();
}
