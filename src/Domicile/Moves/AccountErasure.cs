using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>What an erasure did.</summary>
internal sealed record Erased(
    DateTimeOffset KeyDestroyedAt, DateTimeOffset At, long Rows, long Contents, long Bytes, long FilesChecked);

/// <summary>Removes every byte of an account from this region, after its key. Begun again after a crash, it goes on.</summary>
internal static class AccountErasure
{
    public static async Task<Erased> RunAsync(AccountStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        // :: Step 1: destroy the key. What is left of contents can't be read by anyone any more.
        var usage = await store.WriteAsync(DestroyKey, cancellationToken);
        var keyDestroyedAt = time.GetUtcNow();
        await CrashPoint.ReachAsync("erasure.keyless", store.Account);

        // :: Step 2: delete the rows, some at a time, so that the file's log stays short.
        var rows = 0L;
        while (await store.WriteAsync(one => store.DeleteSomeRows(one, MoveLimits.EraseRowsAtOnce), cancellationToken)
            is var some and > 0)
        {
            rows += some;
        }

        await CrashPoint.ReachAsync("erasure.rowless", store.Account);

        // :: Step 3: files, free pages and the log.
        await store.ScrubAsync(cancellationToken);
        var files = Directory.EnumerateFiles(store.Directory, "*", SearchOption.AllDirectories).Count();
        return new Erased(keyDestroyedAt, time.GetUtcNow(), rows, usage.Contents, usage.Bytes, files);
    }

    private static (long Contents, long Bytes) DestroyKey(AccountTransaction transaction)
    {
        var account = transaction.Account.Value;
        var contents = transaction.Sql.Scalar<long>("SELECT count(*) FROM content WHERE account = @p1", account);
        var bytes = transaction.Sql.Scalar<long>("SELECT coalesce(sum(length), 0) FROM content WHERE account = @p1", account);
        transaction.PutKey(null);
        return (contents, bytes);
    }
}
