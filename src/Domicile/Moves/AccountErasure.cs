using Domicile.Proofs.Statements;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>What an erasure did, and what it found when it looked afterwards.</summary>
internal sealed record Erased(
    DateTimeOffset KeyDestroyedAt, DateTimeOffset At, long Rows, long Contents, long Bytes, long FilesChecked,
    ErasureCheck Check)
{
    public Erasure ToStatement(Guid? move, RegionContext region, long epoch, string? arrivalSha256)
        => new(move, region.Claim, epoch, KeyDestroyedAt, At, Rows, Contents, Bytes, FilesChecked, arrivalSha256, Check);
}

/// <summary>
/// Removes every byte of an account from this region, after whoever still looked at it and after its key. Begun again after a
/// crash, it goes on. The caller's transaction that says it is done removes the <see cref="ErasureIntent"/>.
/// </summary>
internal static class AccountErasure
{
    /// <param name="sealedAt">By this region's clock; null where the account was not sealed for a move.</param>
    /// <exception cref="RegionRefusedException">
    /// Somebody or something still has it open, or the clock has gone back: nothing may be signed. Ask again.
    /// </exception>
    public static async Task<Erased> RunAsync(
        AccountStore store, RegionContext region, CancellationToken cancellationToken, DateTimeOffset? sealedAt = null)
    {
        // :: Step 1: readers, uploads and hand-overs end, or are cut.
        var holds = await store.EndHoldsAsync(region.Erasing.Patience, region.Erasing.CutMax, cancellationToken)
            ?? throw new RegionRefusedException(
                region.Name,
                $"requests that were cut still have account {store.Account} open after {region.Erasing.CutMax.TotalSeconds} s. "
                + "Erasing is tried again; if this stays, restart the region.");

        // :: Step 2: destroy the key. What is left of contents can't be read by anyone any more.
        var intent = await store.WriteAsync(transaction => Begin(transaction, holds, region, sealedAt), cancellationToken);
        await CrashPoint.ReachAsync("erasure.keyless", store.Account);

        // :: Step 3: delete the rows, some at a time, so that the file's log stays short.
        while (await store.WriteAsync(one => store.DeleteSomeRows(one, MoveLimits.EraseRowsAtOnce), cancellationToken) > 0)
        {
        }

        await CrashPoint.ReachAsync("erasure.rowless", store.Account);

        // :: Step 4: files, free pages and the log.
        await store.ScrubAsync(cancellationToken);

        // :: Step 5: look. What is found is signed, so it has to be nothing.
        var check = await CheckAsync(store, region, intent, cancellationToken);
        var files = Directory.EnumerateFiles(store.Directory, "*", SearchOption.AllDirectories).Count();

        // :: Step 6: names that were in memory go a little later: see docs/decisions/0025-erased-from-memory-too.md.
        region.SweepMemory();
        return new Erased(
            intent.KeyDestroyedAt, EndOf(intent, region.Time.GetUtcNow()), intent.Rows, intent.Contents, intent.Bytes, files, check);
    }

    // It was not before the key was destroyed, whatever the clock says that was put back meanwhile.
    private static DateTimeOffset EndOf(ErasureIntent intent, DateTimeOffset now)
        => now > intent.KeyDestroyedAt ? now : intent.KeyDestroyedAt;

    private static ErasureIntent Begin(
        AccountTransaction transaction, HoldsEnd holds, RegionContext region, DateTimeOffset? sealedAt)
    {
        if (ErasureIntent.Find(transaction.Sql, transaction.Account) is { } begun)
        {
            return begun;
        }

        // What is signed with such a time makes no receipt; the clock can be mended, the key not.
        var now = region.Time.GetUtcNow();
        if (now < sealedAt - MoveLimits.ClockDifferenceMax)
        {
            throw new RegionRefusedException(
                region.Name, $"its clock has gone back to before {sealedAt:u}, when it sealed the account: set it (NTP)");
        }

        var account = transaction.Account.Value;
        var intent = new ErasureIntent(
            DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
            AccountStore.CountRows(transaction.Sql, transaction.Account),
            transaction.Sql.Scalar<long>("SELECT count(*) FROM content WHERE account = @p1", account),
            transaction.Sql.Scalar<long>("SELECT coalesce(sum(length), 0) FROM content WHERE account = @p1", account),
            holds.Ended, holds.Cut);
        intent.Save(transaction);
        transaction.PutRing(null);
        return intent;
    }

    private static async Task<ErasureCheck> CheckAsync(
        AccountStore store, RegionContext region, ErasureIntent intent, CancellationToken cancellationToken)
    {
        var rows = store.Read(sql => AccountStore.CountRows(sql, store.Account));
        var files = store.Contents.CountFiles();
        var descriptors = await CountDescriptorsAsync(store, region, cancellationToken);
        if (rows > 0 || files > 0 || descriptors > 0 || !store.HasForgottenKey)
        {
            throw new RegionRefusedException(
                region.Name,
                $"after erasing account {store.Account} there are {rows} rows, {files} files and {descriptors ?? 0} open files of "
                + $"it, and its key is {(store.HasForgottenKey ? "gone" : "still known")}. It is tried again; if this stays, "
                + "restart the region.");
        }

        return new ErasureCheck(rows, files, descriptors, KeyForgotten: true, intent.ReadersEnded, intent.ReadersCut);
    }

    // A file may be open for a moment where nobody holds the copy, as when a disk is examined.
    private static async Task<long?> CountDescriptorsAsync(
        AccountStore store, RegionContext region, CancellationToken cancellationToken)
    {
        for (var looks = 1; ; looks++)
        {
            var open = OpenDescriptors.CountBelow(store.Directory);
            if (open is null or 0 || looks == MoveLimits.DescriptorLooksMax)
            {
                return open;
            }

            await Task.Delay(MoveLimits.DescriptorsLookedEvery, region.Time, cancellationToken);
        }
    }
}
