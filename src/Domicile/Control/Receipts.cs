using System.Globalization;
using Domicile.Accounts;
using Domicile.Ledger;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Domicile.Storage;
using Move = Domicile.Moves.Move;
using MoveStatement = Domicile.Proofs.Statements.Move;

namespace Domicile.Control;

/// <summary>
/// Makes receipts: control states the whole move over the hashes of what source and target signed, and the ledger takes
/// that statement. A receipt that would not verify is never appended: it is assembled and verified before the commit.
/// </summary>
internal sealed class Receipts(
    ControlDatabase database, ControlLedger ledger, RegionKeys keys, RegionQuestions regions, DeploymentBook deployment,
    TimeProvider time)
{
    private const int RuleCharsMax = 128;

    /// <summary>Once per move: a repetition answers the same index and changes nothing.</summary>
    /// <exception cref="RegionUnreachableException">A region's key isn't known yet, and it doesn't answer.</exception>
    /// <exception cref="InvalidDataException">What the regions signed does not make a receipt.</exception>
    public async Task<long> AppendAsync(Move move, CancellationToken cancellationToken)
    {
        if (database.Read(sql => FindIndex(sql, move.Id)) is { } known)
        {
            return known;
        }

        var source = await KeyOfAsync(move.Source, cancellationToken);
        var target = await KeyOfAsync(move.Target, cancellationToken);
        var (departure, arrival, erasure) = Read(move);
        var statement = ledger.Sign(
            ControlLedger.SubjectOf(move.Account, move.Salt), State(move, departure, arrival, erasure, source, target));
        if (TroubleOf(move, statement, source, target) is { } trouble)
        {
            throw NoReceipt(move, trouble);
        }

        var index = await database.WriteAsync(
            sql =>
            {
                if (FindIndex(sql, move.Id) is { } other)
                {
                    return other;
                }

                var appended = ledger.AppendMove(sql, statement);
                var row = new ReceiptRow(appended, statement.ToBytes(), source.Spki.ToArray(), target.Spki.ToArray());
                Insert(sql, move, row);
                return appended;
            },
            cancellationToken);

        // The account may have left the target before anybody asks for the receipt.
        await AskReencryptionAsync(move, statement, source, target, cancellationToken);
        return index;
    }

    /// <inheritdoc cref="DepartureCheck.TroubleOf"/>
    /// <exception cref="RegionUnreachableException">The source's key isn't known yet, and it doesn't answer.</exception>
    public async Task<string?> FindTroubleAsync(Move move, byte[] departure, CancellationToken cancellationToken)
        => DepartureCheck.TroubleOf(
            move, departure, await KeyOfAsync(move.Source, cancellationToken), ClaimOf(move.Source), time.GetUtcNow());

    /// <summary>The receipt's file, with a proof under the ledger as it is now, and with the target's word of now.</summary>
    public async Task<Outcome<byte[]>> ShowAsync(Move move, CancellationToken cancellationToken)
    {
        if (database.Read(sql => Find(sql, move.Id)) is not { } row)
        {
            return move.State == MoveState.Unproven
                ? Refusal.Conflict(
                    $"move {move.Id} has no receipt: {move.Reason}", "mend what it says, then ask for the receipt again")
                : move.IsOver
                ? Refusal.Conflict($"move {move.Id} has no receipt: it was {MoveViews.StateName(move.State)}")
                : Refusal.Conflict(
                    $"move {move.Id} has no receipt yet: it is {MoveViews.StateName(move.State)}",
                    $"wait until it is done: 'domicile moves show {move.Id}'");
        }

        var proof = await ledger.ProveAsync(row.LedgerIndex, cancellationToken);
        var parties = new ReceiptKeys(KeyOf(row.SourceSpki), KeyOf(row.TargetSpki), ledger.PublicKey, ledger.PublicKey);
        var statement = Read(move, "statement", row.Document);
        var word = await AskReencryptionAsync(move, statement, parties.Source, parties.Target, cancellationToken);
        return Assemble(move, statement, parties, proof, word).ToBytes();
    }

    /// <summary>
    /// The target's word on what came under the source's keys: asked for until encrypting has ended. What it said last stays
    /// where it doesn't answer, says something else, or isn't the account's home any more.
    /// </summary>
    private async Task<DsseEnvelope?> AskReencryptionAsync(
        Move move, DsseEnvelope statement, PublicKey source, PublicKey target, CancellationToken cancellationToken)
    {
        var last = database.Read(sql => FindReencryption(sql, move));
        if (HasEnded(move, last))
        {
            return last;
        }

        var asked = await regions.AskAsync(
            move.Target, (peer, limited) => peer.StateReencryptionAsync(move.Account, move.Id, move.Salt, limited),
            cancellationToken, ControlLimits.ShowPatience);
        if (!asked.Is(out var bytes, out _)
            || !DsseEnvelope.TryParse(bytes, out var word, out _)
            || TroubleOf(move, statement, source, target, word) is not null)
        {
            return last;
        }

        return await database.WriteAsync(
            sql =>
            {
                // Somebody else may have asked meanwhile, or the account, with its receipts, been forgotten.
                if (!HasEnded(move, FindReencryption(sql, move)) && FindIndex(sql, move.Id) is not null)
                {
                    sql.Execute(
                        "INSERT INTO receipt_reencryption (move, statement) VALUES (@p1, @p2) "
                        + "ON CONFLICT (move) DO UPDATE SET statement = excluded.statement",
                        Key(move.Id), bytes);
                }

                return FindReencryption(sql, move);
            },
            cancellationToken);
    }

    private static bool HasEnded(Move move, DsseEnvelope? word)
        => word is not null && Predicate<Reencryption>(move, word).EndedAt is not null;

    private static DsseEnvelope? FindReencryption(Sql sql, Move move)
        => sql.Scalar<byte[]>("SELECT statement FROM receipt_reencryption WHERE move = @p1", Key(move.Id)) is { } bytes
            ? Read(move, "word on re-encryption", bytes) : null;

    /// <summary>Checks what a region signed of an erasure without a move.</summary>
    public async Task<Outcome<bool>> CheckErasureAsync(
        byte[] envelope, ControlAccount account, CancellationToken cancellationToken)
    {
        var home = account.Home!.Value;
        if (!(await keys.FindAsync(home, cancellationToken)).Is(out var key, out var refusal))
        {
            return refusal;
        }

        if (!DsseEnvelope.TryParse(envelope, out var signed, out var problem)
            || !signed.TryReadStatement(out var statement, out problem))
        {
            return Refusal.Conflict($"region {home} answered the erasure with no statement: {problem}");
        }

        var isMeant = signed.IsSignedBy(key)
            && statement.Subject == ControlLedger.SubjectOf(account.Id, account.Salt)
            && statement.Predicate is Erasure { MoveId: null } erasure
            && erasure.Region.Name == home.Value && erasure.Epoch == account.Epoch;
        return isMeant
            ? true
            : Refusal.Conflict(
                $"region {home} signed something else than the erasure of account {account.Id}",
                "compare its signing key with the one that control recorded: 'domicile doctor'");
    }

    private async Task<PublicKey> KeyOfAsync(RegionName region, CancellationToken cancellationToken)
        => (await keys.FindAsync(region, cancellationToken)).Is(out var key, out var refusal)
            ? key : throw new RegionUnreachableException(region, refusal.Error);

    private static (DsseEnvelope Departure, DsseEnvelope Arrival, DsseEnvelope Erasure) Read(Move move)
        => (Read(move, "departure", move.Departure), Read(move, "arrival", move.Arrival), Read(move, "erasure", move.Erasure));

    private static DsseEnvelope Read(Move move, string what, byte[]? bytes)
        => DsseEnvelope.TryParse(bytes, out var envelope, out var problem)
            ? envelope : throw NoReceipt(move, $"the {what} can't be read: {problem}");

    private MoveStatement State(
        Move move, DsseEnvelope departure, DsseEnvelope arrival, DsseEnvelope erasure, PublicKey source, PublicKey target)
    {
        var held = Predicate<MoveDeparture>(move, departure);
        var arrived = Predicate<MoveArrival>(move, arrival);
        var erased = Predicate<Erasure>(move, erasure);
        return new MoveStatement(
            move.Id, ClaimOf(move.Source), ClaimOf(move.Target), move.Epoch, move.Epoch + 1, held.FinalSeq, held.SetDigest,
            held.Objects, held.Bytes, move.RequestedAt, arrived.ActivatedAt, erased.ErasedAt,
            (long)Math.Ceiling(move.PauseMs ?? 0), move.PolicyRevision, RuleOf(move), source.KeyId, target.KeyId,
            departure.Sha256, arrival.Sha256, erasure.Sha256);
    }

    private static T Predicate<T>(Move move, DsseEnvelope envelope)
        where T : Predicate
        => envelope.TryReadStatement(out var statement, out var problem) && statement.Predicate is T predicate
            ? predicate : throw NoReceipt(move, $"there is no {typeof(T).Name} where one should be: {problem}");

    private static string RuleOf(Move move)
    {
        var rule = new string([.. move.Rule.Where(c => !char.IsControl(c)).Take(RuleCharsMax)]);
        return rule.Length > 0 ? rule : "requested by an operator";
    }

    private RegionClaim ClaimOf(RegionName region)
        => (deployment.Config.Find(region)?.Facts ?? throw new RegionUnreachableException(
            region, "it is not in this deployment's configuration any more")).ToClaim();

    private static Receipt Assemble(
        Move move, DsseEnvelope statement, ReceiptKeys parties, LedgerProof proof, DsseEnvelope? reencryption)
    {
        var (departure, arrival, erasure) = Read(move);
        return new Receipt(
            departure, arrival, erasure, statement, parties, proof, new AccountOpening(move.Account.Value, move.Salt),
            reencryption);
    }

    // The real ledger signs nothing for a trial: a tree of this one leaf, signed with a key that nobody keeps, stands for it.
    /// <returns>Why the receipt would not verify, with the target's word if there is one; null if it would.</returns>
    private string? TroubleOf(
        Move move, DsseEnvelope statement, PublicKey source, PublicKey target, DsseEnvelope? reencryption = null)
    {
        using var trial = EcdsaSigner.Generate();
        var head = new Checkpoint("trial", 1, MerkleTree.HashLeaf(statement.ToBytes())).Sign(trial).ToString();
        var parties = new ReceiptKeys(source, target, ledger.PublicKey, trial.PublicKey);
        var receipt = Assemble(move, statement, parties, new LedgerProof(0, 1, [], head), reencryption);
        var verified = ReceiptVerification.Verify(receipt.ToBytes(), trial.PublicKey);
        return verified switch
        {
            ReceiptVerification.Proven => null,
            ReceiptVerification.Unreadable unreadable => unreadable.Reason,
            ReceiptVerification.Refuted refuted => string.Join("; ", refuted.Checks
                .Where(check => check.Outcome == CheckOutcome.Failed).Select(check => $"not so: {check.Name} ({check.Detail})")),
            _ => "unknown outcome",
        };
    }

    private static PublicKey KeyOf(byte[] spki)
        => PublicKey.TryFromSpki(spki, out var key) ? key : throw new InvalidDataException("A receipt's row holds no P-256 key.");

    private static InvalidDataException NoReceipt(Move move, string problem)
        => new(
            $"Making the receipt of move {move.Id}: {problem}. "
            + "Compare what both regions were started with and control's configuration.");

    private static long? FindIndex(Sql sql, Guid move) => Find(sql, move)?.LedgerIndex;

    private static ReceiptRow? Find(Sql sql, Guid move)
        => sql.Single(
            "SELECT ledger_index, document, source_key, target_key FROM receipt WHERE move = @p1",
            row => new ReceiptRow(
                row.GetInt64(0), row.GetBytes(1), row.GetBytes(2), row.GetBytes(3)),
            Key(move));

    private static void Insert(Sql sql, Move move, ReceiptRow row)
        => sql.Execute(
            "INSERT INTO receipt (move, ledger_index, document, source_key, target_key) VALUES (@p1, @p2, @p3, @p4, @p5)",
            Key(move.Id), row.LedgerIndex, row.Document, row.SourceSpki, row.TargetSpki);

    private static string Key(Guid move) => move.ToString("D", CultureInfo.InvariantCulture);

    private sealed record ReceiptRow(long LedgerIndex, byte[] Document, byte[] SourceSpki, byte[] TargetSpki);
}
