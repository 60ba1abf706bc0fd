using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Domicile.Proofs.Statements;

namespace Domicile.Proofs.Receipts;

/// <summary>Whose signatures a receipt holds. Control and ledger may have the same key.</summary>
public sealed record ReceiptKeys(PublicKey Source, PublicKey Target, PublicKey Control, PublicKey Ledger);

/// <summary>Proof that a leaf is in the ledger.</summary>
/// <param name="LeafIndex">From 0.</param>
/// <param name="TreeSize">Leaves under the checkpoint.</param>
/// <param name="InclusionProof">Hashes of 32 bytes from the leaf up, at most 63.</param>
/// <param name="Checkpoint">The signed note, see <see cref="Proofs.Checkpoint"/>.</param>
public sealed record LedgerProof(long LeafIndex, long TreeSize, IReadOnlyList<byte[]> InclusionProof, string Checkpoint);

/// <summary>Says which account a receipt is about. It stands outside of all that is signed, and may be left out.</summary>
/// <param name="Salt">Of <see cref="Subject.SaltLengthBytes"/>.</param>
public sealed record AccountOpening(string Account, byte[] Salt);

/// <summary>
/// What proves a move to someone who was not there: four signed statements, the keys, and the proof that the ledger
/// holds control's statement, which names the other three. A file of its own; see docs/formats/receipt.md.
/// </summary>
/// <param name="Reencryption">
/// The target's word on what came under the source's keys, as far as it had got when control asked; null where it has not
/// said it. The ledger doesn't hold it: it is made after the move, and again when encrypting has ended.
/// </param>
public sealed record Receipt(
    DsseEnvelope Departure, DsseEnvelope Arrival, DsseEnvelope Erasure, DsseEnvelope Move,
    ReceiptKeys Keys, LedgerProof Ledger, AccountOpening? Opening, DsseEnvelope? Reencryption = null)
{
    public const string FormatUri = "https://domicile.dev/receipt/v1";
    public const int LengthBytesMax = 1024 * 1024;

    private const int ProofHashesMax = 63;

    /// <summary>The file: JSON, each field on a line of its own, so that sed and grep can read it; ends in a newline.</summary>
    public byte[] ToBytes()
    {
        var form = new ReceiptForm(
            FormatUri, Departure.ToForm(), Arrival.ToForm(), Erasure.ToForm(), Move.ToForm(),
            new KeysForm(Text(Keys.Source), Text(Keys.Target), Text(Keys.Control), Text(Keys.Ledger)),
            new LedgerForm(
                Ledger.LeafIndex, Ledger.TreeSize, [.. Ledger.InclusionProof.Select(Convert.ToHexStringLower)],
                Ledger.Checkpoint),
            Opening is null ? null : new OpeningForm(Opening.Account, Convert.ToHexStringLower(Opening.Salt)),
            Reencryption?.ToForm());
        return [.. JsonSerializer.SerializeToUtf8Bytes(form, ProofsJson.Indented.ReceiptForm), (byte)'\n'];
    }

    /// <summary>
    /// Reads the file. It has exactly one form, down to the white space, so that every reader, however simple, sees the
    /// same receipt. Nothing is verified yet.
    /// </summary>
    /// <param name="problem">What is wrong, where the answer is false; empty otherwise.</param>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out Receipt? receipt, out string problem)
    {
        (receipt, problem) = file.Length > LengthBytesMax
            ? (null, $"the file is longer than {LengthBytesMax} bytes")
            : Parse(file);
        if (receipt is not null && !receipt.ToBytes().AsSpan().SequenceEqual(file))
        {
            (receipt, problem) = (null, "the file is not in its canonical form");
        }

        return receipt is not null;
    }

    private static (Receipt?, string) Parse(ReadOnlySpan<byte> file)
    {
        try
        {
            var form = JsonSerializer.Deserialize(file, ProofsJson.Indented.ReceiptForm);
            return form is { Format: FormatUri } ? Read(form) : (null, $"it is no receipt of format {FormatUri}");
        }
        catch (JsonException e)
        {
            return (null, $"it is not the JSON of a receipt, at line {e.LineNumber + 1}");
        }
    }

    private static (Receipt?, string) Read(ReceiptForm form)
    {
        if (!DsseEnvelope.TryRead(form.Departure, out var departure, out var problem)
            || !DsseEnvelope.TryRead(form.Arrival, out var arrival, out problem)
            || !DsseEnvelope.TryRead(form.Erasure, out var erasure, out problem)
            || !DsseEnvelope.TryRead(form.Move, out var move, out problem))
        {
            return (null, problem);
        }

        DsseEnvelope? reencryption = null;
        if (form.Reencryption is not null && !DsseEnvelope.TryRead(form.Reencryption, out reencryption, out problem))
        {
            return (null, problem);
        }

        if (!TryReadKey(form.Keys.Source, out var source)
            || !TryReadKey(form.Keys.Target, out var target)
            || !TryReadKey(form.Keys.Control, out var control)
            || !TryReadKey(form.Keys.Ledger, out var ledger))
        {
            return (null, "a key is not base64 of the SubjectPublicKeyInfo of a P-256 key");
        }

        if (ReadProof(form.Ledger) is not { } proof)
        {
            return (null, $"the inclusion proof is not at most {ProofHashesMax} hashes in hex");
        }

        if (!TryReadOpening(form.Opening, out var opening))
        {
            return (null, "the opening is not an account id and a salt in hex");
        }

        var keys = new ReceiptKeys(source, target, control, ledger);
        return (new Receipt(departure, arrival, erasure, move, keys, proof, opening, reencryption), "");
    }

    private static LedgerProof? ReadProof(LedgerForm form)
    {
        var areHashes = form.InclusionProof.Length <= ProofHashesMax
            && form.InclusionProof.All(hash => hash is not null && CanonicalText.IsHex(hash, MerkleTree.HashLengthBytes));
        return areHashes
            ? new LedgerProof(
                form.LeafIndex, form.TreeSize, [.. form.InclusionProof.Select(Convert.FromHexString)], form.Checkpoint)
            : null;
    }

    private static bool TryReadOpening(OpeningForm? form, out AccountOpening? opening)
    {
        opening = null;
        if (form is null)
        {
            return true;
        }

        if (Field.Name("account", form.Account) is null
            && CanonicalText.TryFromHex(form.Salt, Subject.SaltLengthBytes, out var salt))
        {
            opening = new AccountOpening(form.Account, salt);
        }

        return opening is not null;
    }

    private static bool TryReadKey(string text, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return CanonicalText.TryFromBase64(text, out var spki) && PublicKey.TryFromSpki(spki, out key);
    }

    private static string Text(PublicKey key) => Convert.ToBase64String(key.Spki);
}

internal sealed record ReceiptForm(
    string Format, EnvelopeForm Departure, EnvelopeForm Arrival, EnvelopeForm Erasure, EnvelopeForm Move,
    KeysForm Keys, LedgerForm Ledger, OpeningForm? Opening,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] EnvelopeForm? Reencryption = null);

internal sealed record KeysForm(string Source, string Target, string Control, string Ledger);

internal sealed record LedgerForm(long LeafIndex, long TreeSize, string[] InclusionProof, string Checkpoint);

internal sealed record OpeningForm(string Account, string Salt);
