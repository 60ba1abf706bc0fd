using System.Security.Cryptography;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// The new home's side of a hand-over: runs a client's write that was under way at the former home, at most once per
/// attempt, and only in the epoch that the move began.
/// </summary>
internal sealed class HandOverDesk(RegionContext region)
{
    /// <param name="caller">The region that the link has authenticated.</param>
    /// <param name="content">The sealed bytes, where the command's content lies in a file.</param>
    public async Task<HandOverAnswer> TakeAsync(
        RegionName caller, HandOver handOver, Stream? content, CancellationToken cancellationToken)
    {
        if (region.Storage.Find(handOver.Account) is not { } store)
        {
            return new HandOverAnswer.NotYet();
        }

        using var hold = store.HoldOpen();
        var record = store.Read(sql => RegionMoveRecord.Find(sql, handOver.Account, handOver.Move, MoveRole.Target));
        if (record is not { Outcome: MoveOutcome.Activated } || record.Peer != caller || record.Epoch + 1 != handOver.Epoch)
        {
            return new HandOverAnswer.NotYet();
        }

        // An account that has left again is erased: a content that still comes in is cut.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hold.Cut);
        if (content is not null && handOver.Command.Content is { Inline: null } staged && IsHome(store, handOver))
        {
            await store.Contents.ReceiveSealedAsync(staged.ContentId, staged.LengthBytes, content, ending.Token);
        }

        var answer = await store.WriteAsync(transaction => Take(transaction, handOver), ending.Token);
        if (handOver.Command.Content is { } named)
        {
            store.Contents.Adopted(named.ContentId);
        }

        return answer;
    }

    private static bool IsHome(AccountStore store, HandOver handOver)
        => store.Row is { State: AccountState.Active } row && row.Epoch == handOver.Epoch;

    private static HandOverAnswer Take(AccountTransaction transaction, HandOver handOver)
    {
        var stored = transaction.Sql.Single(
            "SELECT result FROM attempt WHERE account = @p1 AND attempt = @p2", row => row.GetBytes(0),
            handOver.Account.Value, handOver.Attempt);
        if (stored is not null)
        {
            return new HandOverAnswer.Applied(stored.Length == 0
                ? new CommandResult.Refused("SlowDown", "The write was applied; its answer has been erased with the account.")
                : JsonSerializer.Deserialize(stored, MovesJson.Default.CommandResult)!);
        }

        var row = transaction.Row!;
        if (row.Epoch != handOver.Epoch || row.State is AccountState.Departed or AccountState.Arriving or AccountState.None)
        {
            // Not while departing: that move may be refused, and the epoch come back with this attempt still on its way.
            return new HandOverAnswer.Never();
        }

        if (CommandExecutor.Execute(transaction, handOver.Epoch, handOver.Command) is not Execution.Executed(var result))
        {
            return new HandOverAnswer.NotYet();
        }

        transaction.Sql.Execute(
            "INSERT INTO attempt (account, attempt, epoch, result) VALUES (@p1, @p2, @p3, @p4)",
            handOver.Account.Value, handOver.Attempt, handOver.Epoch,
            JsonSerializer.SerializeToUtf8Bytes(result, MovesJson.Default.CommandResult));
        return new HandOverAnswer.Applied(result);
    }
}

/// <summary>Names of hand-over attempts: 128 random bits.</summary>
internal static class AttemptIds
{
    public static string Draw() => Base32.Encode(RandomNumberGenerator.GetBytes(16));
}
