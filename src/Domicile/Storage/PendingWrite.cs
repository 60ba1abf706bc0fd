namespace Domicile.Storage;

/// <summary>A write that waits for its commit: what to do, and who to tell.</summary>
internal abstract class PendingWrite
{
    /// <summary>It gets a batch of its own, and its work runs outside of a transaction.</summary>
    public virtual bool IsAlone => false;

    /// <summary>The caller gave up before it began: it is dropped.</summary>
    public abstract bool IsCancelled { get; }

    /// <summary>Does the work; its result is told only after the commit.</summary>
    public abstract void Run(AccountTransaction transaction);

    /// <summary>It is durable.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception fault);
}

internal sealed class PendingWrite<T>(Func<AccountTransaction, T> work, bool isAlone, CancellationToken cancellationToken)
    : PendingWrite
{
    // Continuations run elsewhere: the writer goes on with the next batch.
    private readonly TaskCompletionSource<T> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public override bool IsAlone => isAlone;

    public override bool IsCancelled => cancellationToken.IsCancellationRequested;

    public Task<T> Told => _told.Task;

    public override void Run(AccountTransaction transaction) => _result = work(transaction);

    public override void Complete() => _told.TrySetResult(_result!);

    public override void Fail(Exception fault)
    {
        if (fault is OperationCanceledException cancelled)
        {
            _told.TrySetCanceled(cancelled.CancellationToken);
        }
        else
        {
            _told.TrySetException(fault);
        }
    }
}
