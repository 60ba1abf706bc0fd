using System.Globalization;
using Domicile.Proofs.Statements;

namespace Domicile.Proofs.Receipts;

/// <summary>
/// Everything that must be true of a receipt, one check after the other:
/// 1. who signed; 2. that the ledger holds it; 3. that the statements are of one move and agree;
/// 4. until when the source's keys opened something; 5. whom it is about.
/// </summary>
internal sealed class ReceiptChecks(Receipt receipt, ReceiptStatements statements, PublicKey? trustedLedgerKey)
{
    private readonly List<ReceiptCheck> _checks = [];

    private MoveDeparture Departure => statements.Departure;

    private MoveArrival Arrival => statements.Arrival;

    private Erasure Erasure => statements.Erasure;

    private Move Move => statements.Move;

    public IReadOnlyList<ReceiptCheck> Run()
    {
        // :: Step 1: who signed
        CheckSignature("departure signed by the source", receipt.Departure, receipt.Keys.Source);
        CheckSignature("arrival signed by the target", receipt.Arrival, receipt.Keys.Target);
        CheckSignature("erasure signed by the source", receipt.Erasure, receipt.Keys.Source);
        CheckSignature("move signed by control", receipt.Move, receipt.Keys.Control);
        CheckSigners();

        // :: Step 2: what the ledger holds
        CheckLedger();

        // :: Step 3: one move, told alike by all
        CheckSameMove();
        CheckContents();
        CheckOrder();

        // :: Step 4: until when the source's keys opened something
        CheckReencryption();

        // :: Step 5: whom it is about
        CheckSubjects();
        CheckOpening();
        return _checks;
    }

    private void CheckSignature(string name, DsseEnvelope envelope, PublicKey key)
        => Check(name, envelope.IsSignedBy(key), $"key {key.KeyId}");

    private void CheckSigners()
    {
        var keys = receipt.Keys;
        Check(
            "control names the regions' keys", Move.FromKey == keys.Source.KeyId && Move.ToKey == keys.Target.KeyId,
            $"source {Move.FromKey}, target {Move.ToKey}");

        // One party in two roles would be its own witness.
        var differ = !keys.Source.Equals(keys.Target) && !keys.Source.Equals(keys.Control) && !keys.Target.Equals(keys.Control);
        Check("source, target and control have keys of their own", differ, "three roles, three keys");
    }

    private void CheckLedger()
    {
        var ledger = receipt.Ledger;
        var isSigned = Checkpoint.TryOpen(ledger.Checkpoint, receipt.Keys.Ledger, out var checkpoint);
        Check("checkpoint signed by the ledger", isSigned, checkpoint?.Origin ?? $"not with key {receipt.Keys.Ledger.KeyId}");
        Check(
            "checkpoint is of the proof's size", checkpoint?.Size == ledger.TreeSize,
            $"proof for {Text(ledger.TreeSize)} leaves, checkpoint of {(checkpoint is null ? "none" : Text(checkpoint.Size))}");

        var leaf = MerkleTree.HashLeaf(receipt.Move.ToBytes());
        var isIncluded = checkpoint is not null && MerkleTree.VerifyInclusion(
            leaf, ledger.LeafIndex, ledger.TreeSize, ledger.InclusionProof, checkpoint.Root);
        Check("move is a leaf of the ledger", isIncluded, $"leaf {Text(ledger.LeafIndex)} of {Text(ledger.TreeSize)}");
        CheckTrust();
    }

    private void CheckTrust()
    {
        const string Name = "ledger's key is the one you trust";
        if (trustedLedgerKey is null)
        {
            _checks.Add(new ReceiptCheck(
                Name, CheckOutcome.NotChecked, $"no key given; compare {receipt.Keys.Ledger.KeyId} with one you got elsewhere"));
            return;
        }

        Check(Name, trustedLedgerKey.Equals(receipt.Keys.Ledger), $"trusted {trustedLedgerKey}, receipt {receipt.Keys.Ledger}");
    }

    private void CheckSameMove()
    {
        var isOne = Departure.MoveId == Move.MoveId && Arrival.MoveId == Move.MoveId && Erasure.MoveId == Move.MoveId;
        Check("all statements are of one move", isOne, $"{Move.MoveId}");

        var areSame = Departure.Region == Move.From
            && Erasure.Region == Move.From
            && Arrival.Region == Move.To
            && Departure.To == Move.To.Name
            && Arrival.From == Move.From.Name
            && Move.From.Name != Move.To.Name;
        Check("all statements name the same regions", areSame, $"{Move.From.Name} to {Move.To.Name}");

        var areEpochs = Departure.Epoch == Move.EpochBefore
            && Arrival.EpochBefore == Move.EpochBefore
            && Erasure.Epoch == Move.EpochBefore
            && Arrival.EpochAfter == Move.EpochAfter
            && Move.EpochAfter - 1 == Move.EpochBefore;
        Check("the epoch went up by one", areEpochs, $"{Text(Move.EpochBefore)} to {Text(Move.EpochAfter)}");
    }

    private void CheckContents()
    {
        Check(
            "source and target held the same", Departure.SetDigest == Arrival.SetDigest && Arrival.SetDigest == Move.SetDigest,
            $"set digest {Move.SetDigest}");
        Check(
            "up to the same write", Departure.FinalSeq == Arrival.FinalSeq && Arrival.FinalSeq == Move.FinalSeq,
            $"seq {Text(Move.FinalSeq)}");

        var areSame = (Departure.Objects, Departure.Bytes) == (Arrival.Objects, Arrival.Bytes)
            && (Arrival.Objects, Arrival.Bytes) == (Move.Objects, Move.Bytes);
        Check("sizes agree", areSame, $"{Text(Move.Objects)} objects, {Text(Move.Bytes)} bytes");
    }

    private void CheckOrder()
    {
        var isChained = Arrival.DepartureSha256 == receipt.Departure.Sha256 && Erasure.ArrivalSha256 == receipt.Arrival.Sha256;
        Check("erased after it arrived, arrived after it departed", isChained, "each statement names the one before it");

        var isWhole = Move.DepartureSha256 == receipt.Departure.Sha256
            && Move.ArrivalSha256 == receipt.Arrival.Sha256
            && Move.ErasureSha256 == receipt.Erasure.Sha256;
        Check("move names the three statements", isWhole, "so that one leaf of the ledger holds all four");

        DateTimeOffset[] times =
        [
            Move.StartedAt, Departure.SealedAt, Departure.DepartedAt, Arrival.ActivatedAt, Erasure.KeyDestroyedAt,
            Erasure.ErasedAt,
        ];
        var areInOrder = times.Zip(times.Skip(1), IsPossible).All(ok => ok)
            && Move.ActivatedAt == Arrival.ActivatedAt
            && Move.ErasedAt == Erasure.ErasedAt;
        Check(
            "times are possible", areInOrder,
            string.Create(
                CultureInfo.InvariantCulture,
                $"writes waited {Move.PauseMs} ms, arrived {Arrival.ActivatedAt:u}, erased {Erasure.ErasedAt:u}"));
    }

    private void CheckReencryption()
    {
        const string Name = "what came is encrypted again";
        if (receipt.Reencryption is not { } envelope || statements.Reencryption is not { } word)
        {
            _checks.Add(new ReceiptCheck(Name, CheckOutcome.NotChecked, "the receipt doesn't say; the source's keys may still open it"));
            return;
        }

        CheckSignature("re-encryption signed by the target", envelope, receipt.Keys.Target);
        Check("re-encryption is of this move", word.IsOf(receipt.Arrival, Arrival), "it names the arrival");
        var isPossible = word.EndedAt is not { } ended
            || (IsPossible(Arrival.ActivatedAt, ended) && IsPossible(ended, word.StatedAt));
        Check(
            Name, isPossible,
            word.EndedAt is { } end
                ? string.Create(CultureInfo.InvariantCulture, $"since {end:u} the source's keys open nothing")
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"not yet at {word.StatedAt:u}: {word.ContentsLeft} contents, {word.BytesLeft} bytes left"));
    }

    private static bool IsPossible(DateTimeOffset earlier, DateTimeOffset later)
        => earlier - later <= ReceiptVerification.ClockDisagreementMax;

    private void CheckSubjects()
        => Check(
            "all statements are about one account",
            statements.Subjects.All(subject => subject == statements.Subjects[0]) && statements.Subjects[0].IsAccount,
            $"commitment {statements.Subjects[0].Sha256}");

    private void CheckOpening()
    {
        const string Name = "the account is the one named";
        if (receipt.Opening is not { } opening)
        {
            _checks.Add(new ReceiptCheck(Name, CheckOutcome.NotChecked, "the receipt names no account"));
            return;
        }

        Check(Name, Subject.Account(opening.Account, opening.Salt) == statements.Subjects[0], opening.Account);
    }

    private void Check(string name, bool passed, string detail)
        => _checks.Add(new ReceiptCheck(name, passed ? CheckOutcome.Passed : CheckOutcome.Failed, detail));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
