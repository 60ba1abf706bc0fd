namespace Domicile.Storage;

/// <summary>A write that waits for its commit: what to do, and who to tell.</summary>
internal abstract class PendingWrite
{
    /// <summary>It gets a batch of its own, and runs outside of a transaction.</summary>
    public virtual bool IsAlone => false;

    /// <summary>Whether its caller is told only when it is on stable storage.</summary>
    public virtual bool IsFlushed => true;

    /// <summary>The caller gave up before it began: it is dropped.</summary>
    public abstract bool IsCancelled { get; }

    /// <summary>Does the work; its result is told only after the commit.</summary>
    public abstract void Run(AccountTransaction transaction);

    /// <summary>Does the work of one that <see cref="IsAlone"/>.</summary>
    public virtual void RunAlone(Sql sql) => Invariant.Check(IsAlone);

    /// <summary>It is committed, and durable where it <see cref="IsFlushed"/>.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception fault);
}

internal abstract class PendingWrite<T>(CancellationToken cancellationToken) : PendingWrite
{
    // Continuations run elsewhere: the writer goes on with the next batch.
    private readonly TaskCompletionSource<T> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool IsCancelled => cancellationToken.IsCancellationRequested;

    public Task<T> Told => _told.Task;

    protected T? Outcome { get; set; }

    public override void Complete() => _told.TrySetResult(Outcome!);

    public override void Fail(Exception fault)
    {
        if (fault is OperationCanceledException)
        {
            _told.TrySetCanceled(cancellationToken);
        }
        else
        {
            _told.TrySetException(fault);
        }
    }
}

/// <summary>Work in a transaction, with others.</summary>
internal sealed class PendingWork<T>(Func<AccountTransaction, T> work, bool isFlushed, CancellationToken cancellationToken)
    : PendingWrite<T>(cancellationToken)
{
    public override bool IsFlushed => isFlushed;

    public override void Run(AccountTransaction transaction) => Outcome = work(transaction);
}

/// <summary>Work that no transaction may surround, such as VACUUM.</summary>
internal sealed class PendingUpkeep<T>(Func<Sql, T> work, CancellationToken cancellationToken)
    : PendingWrite<T>(cancellationToken)
{
    public override bool IsAlone => true;

    public override void Run(AccountTransaction transaction) => Invariant.Check(!IsAlone);

    public override void RunAlone(Sql sql) => Outcome = work(sql);
}
