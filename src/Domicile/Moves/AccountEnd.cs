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
        if (region.Storage.Find(account) is not { } store)
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

        var begun = await store.WriteAsync(transaction => Begin(transaction, region, epoch, id), cancellationToken);
        if (begun is not null)
        {
            throw new RegionRefusedException(region.Name, begun);
        }

        var erased = await AccountErasure.RunAsync(store, region, cancellationToken);
        statement = region.Sign(account, salt, erased.ToStatement(move: null, region, epoch, arrivalSha256: null));
        await store.WriteAsync(transaction => Finish(transaction, region, epoch, id, statement), cancellationToken);
        return statement;
    }

    // The durable intent: departed to nowhere. No request finds the account any more.
    private static string? Begin(AccountTransaction transaction, RegionContext region, long epoch, Guid id)
    {
        var row = transaction.Row;
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
