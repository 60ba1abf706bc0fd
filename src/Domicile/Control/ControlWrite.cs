using Domicile.Storage;

namespace Domicile.Control;

/// <summary>A write that waits for its turn in control's database, and who is told what became of it.</summary>
internal abstract class ControlWrite
{
    private int _isTaken;

    /// <summary>Whoever takes it first decides: it runs, or it is cancelled.</summary>
    public bool TryBegin() => Interlocked.Exchange(ref _isTaken, 1) == 0;

    public abstract void Run(Sql sql);

    /// <summary>It is durable, unless it has failed before.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception fault);
}

internal sealed class ControlWrite<T>(Func<Sql, T> work) : ControlWrite
{
    // Continuations run elsewhere: whoever commits goes on.
    private readonly TaskCompletionSource<T> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _answer;

    public Task<T> Told => _told.Task;

    /// <returns>False where it has begun: its outcome will be told.</returns>
    public bool TryCancel(CancellationToken cancellationToken)
        => TryBegin() && _told.TrySetCanceled(cancellationToken);

    public override void Run(Sql sql) => _answer = work(sql);

    public override void Complete() => _told.TrySetResult(_answer!);

    public override void Fail(Exception fault) => _told.TrySetException(fault);
}
