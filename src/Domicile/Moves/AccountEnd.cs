using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>Erases an account for good, because its data subject wants it. What stays is a tombstone without a person.</summary>
internal static class AccountEnd
{
    public static async Task<byte[]> RunAsync(
        RegionContext region, AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
    {
        var lost = FindLost(region, account);
        if ((lost is null ? region.Storage.Find(account) : region.Storage.GiveUp(account)) is not { } store)
        {
            throw new RegionRefusedException(region.Name, $"account {account} is not known here");
        }

        // A name for the record: the same account and epoch always give the same, so a repetition finds it.
        var id = new Guid(SHA256.HashData([.. salt, .. BitConverter.GetBytes(epoch)]).AsSpan(0, 16));
        var stored = store.Read(sql => RegionMoveRecord.Find(sql, account, id, MoveRole.Source));
        if (stored is { Erasure: { } statement })
        {
            return statement;
        }

        var begun = await store.WriteAsync(transaction => Begin(transaction, region, epoch, id, lost), cancellationToken);
        if (begun is not null)
        {
            throw new RegionRefusedException(region.Name, begun);
        }

        var erased = await AccountErasure.RunAsync(store, region, cancellationToken);
        statement = region.Sign(account, salt, erased.ToStatement(move: null, region, epoch, arrivalSha256: null));
        await store.WriteAsync(transaction => Finish(transaction, region, epoch, id, statement), cancellationToken);
        return statement;
    }

    // Of an account that is lost nothing is left to erase but what nobody finds any more; that there is no more can be signed.
    private static AccountProfile? FindLost(RegionContext region, AccountId account)
        => !region.Storage.HasDatabase(account)
            && region.Directory.Find(account) is { Home: { } home } entry && home == region.Name ? entry.Profile : null;

    // The durable intent: departed to nowhere. No request finds the account any more.
    private static string? Begin(
        AccountTransaction transaction, RegionContext region, long epoch, Guid id, AccountProfile? lost)
    {
        var row = transaction.Row;
        if (row is null && lost is not null)
        {
            transaction.PutRow(new AccountRow(
                lost, epoch, AccountState.Departed, Seq: 0, new byte[Proofs.SetDigest.LengthBytes], id, region.Name, Cursor: 0,
                Pulling: null, HasData: true));
            return null;
        }

        if (row is { State: AccountState.Departed } && row.Move == id)
        {
            return null;
        }

        if (row is not { State: AccountState.Active } || row.Epoch != epoch || row.Pulling is not null)
        {
            return "the account is not active here, or is being moved: abort the move first";
        }

        transaction.PutRow(row with { State = AccountState.Departed, Move = id, Peer = region.Name });
        return null;
    }

    private static bool Finish(
        AccountTransaction transaction, RegionContext region, long epoch, Guid id, byte[] statement)
    {
        transaction.PutRow(transaction.Row! with { HasData = false, Move = null });
        ErasureIntent.Remove(transaction);
        new RegionMoveRecord(
            id, MoveRole.Source, MoveOutcome.Erased, epoch, region.Name, 0, region.Time.GetUtcNow(), null, statement)
            .Save(transaction.Sql, transaction.Account);
        return true;
    }
}
