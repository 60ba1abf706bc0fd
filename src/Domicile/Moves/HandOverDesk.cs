using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Objects;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// The new home's side of a hand-over: runs a client's write that was under way at the former home. The former home brings
/// the client's request, not a command: it can have done only what the account's client has signed, once per signature, in
/// the epoch that the move began, and as long as its right lasts.
/// </summary>
internal sealed partial class HandOverDesk(RegionContext region, IRequestReplay replay, ILogger<HandOverDesk> log)
{
    /// <param name="caller">The region that the link has authenticated.</param>
    /// <param name="body">The request's body as its client sent it.</param>
    public async Task<HandOverAnswer> TakeAsync(
        RegionName caller, HandOver handOver, Stream body, CancellationToken cancellationToken)
    {
        // :: Step 1: may this region hand over at all?
        if (region.Storage.Find(handOver.Account) is not { } store
            || store.Read(sql => RegionMoveRecord.Find(sql, handOver.Account, handOver.Move, MoveRole.Target))
                is not { Outcome: MoveOutcome.Activated } record)
        {
            return new HandOverAnswer.NotYet();
        }

        if (RefuseRight(record, caller, handOver) is { } refusal)
        {
            Refuse(caller, handOver, "notEntitled", refusal);
            return new HandOverAnswer.Never();
        }

        if (replay.SignatureOf(handOver.Account, handOver.Head) is not { } signature)
        {
            Refuse(caller, handOver, "noSignedWrite", "it is no request for a write that somebody signed");
            return new HandOverAnswer.Never();
        }

        // :: Step 2: was it answered before, or is it too late? The hold comes before the look at the state, as at the gateway.
        await using var copy = new AccountCopy(store, store.HoldOpen(), handOver.Epoch);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, copy.Cut);
        var attempt = new Attempt(region, store, handOver, NameOf(signature));
        try
        {
            if (await attempt.FindAnswerAsync(ending.Token) is { } known)
            {
                return known;
            }

            // :: Step 3: run it as if it had come from its client.
            return await RunAsync(caller, handOver, copy, attempt, AsOf(record, handOver), body, ending.Token);
        }
        catch (OperationCanceledException) when (copy.Cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The account has left again and is being erased: a body that still comes in is cut. Whoever asks again hears more.
            return new HandOverAnswer.NotYet();
        }
    }

    /// <summary>Control shows that the source has erased: whoever hands over from there now can't have been asked by a client.</summary>
    public async Task EndAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
    {
        if (region.Storage.Find(order.Account) is not { } store)
        {
            return;
        }

        await store.WriteAsync(
            transaction =>
            {
                var record = RegionMoveRecord.Find(transaction.Sql, order.Account, order.Move, MoveRole.Target);
                if (record is { Outcome: MoveOutcome.Activated, Erasure: null })
                {
                    (record with { Erasure = erasure }).Save(transaction.Sql, order.Account);
                }

                return true;
            },
            cancellationToken);
    }

    private async Task<HandOverAnswer> RunAsync(
        RegionName caller, HandOver handOver, AccountCopy copy, Attempt attempt, DateTimeOffset asOf, Stream body,
        CancellationToken cancellationToken)
    {
        await using var watched = new WatchedBody(body);
        var refusal = await replay.RunAsync(copy, handOver.Head, watched, asOf, attempt, cancellationToken);
        if (attempt.Answer is { } answer)
        {
            return answer;
        }

        if (watched.IsBroken || refusal is null)
        {
            return new HandOverAnswer.NotYet();
        }

        var result = new CommandResult.Refused(refusal.Code, refusal.Detail);
        if (refusal.IsForged)
        {
            Refuse(caller, handOver, refusal.Code, refusal.Code);
            return new HandOverAnswer.Applied(result);
        }

        return await attempt.RefuseAsync(result, cancellationToken);
    }

    private void Refuse(RegionName caller, HandOver handOver, string reason, string cause)
    {
        region.Security.Record(
            SecurityEvent.HandOverRefused, SecuritySource.Of(new PeerIdentity.Region(caller)), reason, handOver.Account);
        LogRefused(log, caller, handOver.Account, handOver.Move, cause);
    }

    // By erasing, the former home has said that nobody waits there any more. One that doesn't erase for long is bounded here.
    private string? RefuseRight(RegionMoveRecord record, RegionName caller, HandOver handOver)
        => record.Peer != caller ? $"the account came from {record.Peer}"
            : record.Epoch + 1 != handOver.Epoch ? $"the move began epoch {record.Epoch + 1}, not {handOver.Epoch}"
            : record.Erasure is not null ? "it has erased the account"
            : region.Time.GetUtcNow() - record.At > MoveLimits.HandOversMax ? "the move is too long ago"
            : null;

    // A body may arrive for longer than a signature is fresh, so the signature is judged by when the request came. That is
    // the former home's word, and can only have been before the activation.
    private static DateTimeOffset AsOf(RegionMoveRecord record, HandOver handOver)
    {
        var earliest = record.At - MoveLimits.HandedOverAgeMax;
        return handOver.ReceivedAt < earliest ? earliest : handOver.ReceivedAt > record.At ? record.At : handOver.ReceivedAt;
    }

    private static string NameOf(string signature) => Base32.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(signature)));

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Region {Caller} handed over a write of account {Account} by move {Move}, and was refused: {Cause}.")]
    private static partial void LogRefused(ILogger log, RegionName caller, AccountId account, Guid move, string cause);

    /// <summary>One client's request, by the name of its signature: has at most one answer, for ever.</summary>
    private sealed class Attempt(RegionContext region, AccountStore store, HandOver handOver, string name) : IAccountWrites
    {
        /// <summary>Null until the request has come to its command.</summary>
        public HandOverAnswer? Answer { get; private set; }

        public Task<HandOverAnswer?> FindAnswerAsync(CancellationToken cancellationToken)
            => store.WriteAsync(Find, cancellationToken);

        public async Task<CommandResult> WriteAsync(
            AccountCopy copy, AccountCommand command, ISignedRequest? request, CancellationToken cancellationToken)
        {
            Invariant.Check(Answer is null && command is not CredentialCommand);
            AccountGateway.CheckRoom(region, command);
            Answer = await store.WriteAsync(one => Find(one) ?? Execute(one, command), cancellationToken);
            return Answer is HandOverAnswer.Applied(var result) ? result : new CommandResult.Refused("SlowDown");
        }

        /// <summary>It can't be done: so it never will be, even if it comes again when it could.</summary>
        public Task<HandOverAnswer> RefuseAsync(CommandResult.Refused result, CancellationToken cancellationToken)
            => store.WriteAsync(one => Find(one) ?? Save(one, result), cancellationToken);

        private HandOverAnswer? Find(AccountTransaction transaction)
        {
            var stored = transaction.Sql.Single(
                "SELECT result FROM attempt WHERE account = @p1 AND attempt = @p2", row => row.GetBytes(0),
                handOver.Account.Value, name);
            return stored is not null ? Read(stored)
                : transaction.Row is not { } row || row.Epoch != handOver.Epoch ? new HandOverAnswer.Never()
                : row.State switch
                {
                    AccountState.Active => null,
                    // Not "never": that move may be refused, and the epoch come back with this attempt still on its way.
                    AccountState.Sealed or AccountState.Departing => new HandOverAnswer.NotYet(),
                    _ => new HandOverAnswer.Never(),
                };
        }

        private HandOverAnswer.Applied Read(byte[] stored)
        {
            if (stored.Length == 0)
            {
                return new HandOverAnswer.Applied(new CommandResult.Refused(
                    "SlowDown", "The write was applied; its answer has been erased with the account."));
            }

            // The same signature in another attempt: two requests that say the same, or one that is played again. An honest
            // client asks again, here, and signs anew.
            var known = JsonSerializer.Deserialize(stored, MovesJson.Default.StoredAttempt)!;
            return new HandOverAnswer.Applied(known.Attempt == handOver.Attempt
                ? known.Result
                : new CommandResult.Refused("SlowDown", "A request with this signature was handed over before. Please try again."));
        }

        private HandOverAnswer Execute(AccountTransaction transaction, AccountCommand command)
            => CommandExecutor.Execute(transaction, handOver.Epoch, command) is Execution.Executed(var result)
                ? Save(transaction, result)
                : new HandOverAnswer.NotYet();

        private HandOverAnswer.Applied Save(AccountTransaction transaction, CommandResult result)
        {
            transaction.Sql.Execute(
                "INSERT INTO attempt (account, attempt, epoch, result) VALUES (@p1, @p2, @p3, @p4)",
                handOver.Account.Value, name, handOver.Epoch,
                JsonSerializer.SerializeToUtf8Bytes(
                    new StoredAttempt(handOver.Attempt, result), MovesJson.Default.StoredAttempt));
            return new HandOverAnswer.Applied(result);
        }
    }

    /// <summary>Tells a body that broke off on the link from one that its client didn't send whole.</summary>
    private sealed class WatchedBody(Stream body) : Stream
    {
        public bool IsBroken { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await body.ReadAsync(buffer, cancellationToken);
            }
            catch
            {
                IsBroken = true;
                throw;
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>The answer that a handed-over request got.</summary>
internal sealed record StoredAttempt(string Attempt, CommandResult Result);

/// <summary>Names of hand-over attempts: 128 random bits.</summary>
internal static class AttemptIds
{
    public const int CharsMax = 32;

    public static string Draw() => Base32.Encode(RandomNumberGenerator.GetBytes(16));
}
