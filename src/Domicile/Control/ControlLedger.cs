using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Domicile.Storage;
using Statement = Domicile.Proofs.Statements.Statement;

namespace Domicile.Control;

/// <summary>
/// The append-only log of what control states: policies, overrides, erasures and moves, each a signed statement in the
/// transaction of what it is about. Accounts are in it only as commitments under their salts.
/// </summary>
internal sealed class ControlLedger(ControlDatabase database, EcdsaSigner signer, string deployment, TimeProvider time)
{
    /// <summary>Names this ledger in its checkpoints.</summary>
    public string Origin { get; } = $"domicile.dev/ledger/{deployment}";

    public EcdsaSigner Signer => signer;

    public long AppendOverride(Sql sql, ControlAccount account, RegionFacts home, PolicyInForce policy, string by)
        => Append(sql, LedgerKind.Override, SubjectOf(account.Id, account.Salt), new PlacementOverride(
            RegionContext.ClaimOf(home), policy.Policy.Revision, account.Misplaced!, time.GetUtcNow(), by));

    public long AppendPolicy(Sql sql, PolicyInForce policy, string by)
        => Append(
            sql, LedgerKind.Policy, Subject.Policy(Encoding.UTF8.GetBytes(policy.Policy.Text)),
            new PolicyVersion(policy.Policy.Revision, policy.Since, by));

    /// <summary>Appends a statement that a region has signed and that was checked.</summary>
    public long AppendErasure(Sql sql, byte[] envelope)
        => LedgerTable.Append(sql, LedgerKind.Erasure, time.GetUtcNow(), envelope);

    /// <summary>Appends control's statement of a move, signed.</summary>
    public long AppendMove(Sql sql, DsseEnvelope move)
        => LedgerTable.Append(sql, LedgerKind.Move, time.GetUtcNow(), move.ToBytes());

    public CheckpointView Checkpoint()
        => new(
            database.Read(sql => SignCheckpoint(sql, LedgerTable.Size(sql))), signer.PublicKey.ToPem());

    public Outcome<LedgerEntryView> Show(long index)
        => database.Read(sql => LedgerTable.Find(sql, index)) is { } entry
            ? new LedgerEntryView(
                entry.Index, entry.Kind, entry.At, Convert.ToBase64String(entry.Leaf),
                Convert.ToHexStringLower(MerkleTree.HashLeaf(entry.Leaf)))
            : NoSuchEntry(index);

    public Outcome<LedgerProofView> Prove(long index)
        => database.Read<Outcome<LedgerProofView>>(sql =>
        {
            if (LedgerTable.Find(sql, index) is not { } entry)
            {
                return NoSuchEntry(index);
            }

            var proof = Prove(sql, index);
            return new LedgerProofView(
                index, proof.TreeSize, Convert.ToHexStringLower(MerkleTree.HashLeaf(entry.Leaf)),
                [.. proof.InclusionProof.Select(Convert.ToHexStringLower)], proof.Checkpoint);
        });

    /// <summary>Proves an entry under the ledger as it is now.</summary>
    public LedgerProof Prove(Sql sql, long index)
    {
        var size = LedgerTable.Size(sql);
        var path = MerkleTree.InclusionPath(index, size).Select(range => LedgerTable.Hash(sql, range));
        return new LedgerProof(index, size, [.. path], SignCheckpoint(sql, size));
    }

    /// <summary>Hashes the whole ledger again.</summary>
    /// <returns>Null if it is whole.</returns>
    public string? Check()
        => database.Read(sql =>
        {
            var stored = LedgerTable.Hash(sql, new LeafRange(0, LedgerTable.Size(sql)));
            return CryptographicOperations.FixedTimeEquals(stored, LedgerTable.ComputeRoot(sql))
                ? null : "the ledger's entries don't have the root that was signed";
        });

    public long Size => database.Read(LedgerTable.Size);

    public static Subject SubjectOf(AccountId account, ReadOnlySpan<byte> salt) => Subject.Account(account.Value, salt);

    public DsseEnvelope Sign(Subject subject, Predicate predicate)
        => DsseEnvelope.Sign(new Statement(subject, predicate), signer);

    private long Append(Sql sql, string kind, Subject subject, Predicate predicate)
        => LedgerTable.Append(sql, kind, time.GetUtcNow(), Sign(subject, predicate).ToBytes());

    private string SignCheckpoint(Sql sql, long size)
        => new Checkpoint(Origin, size, LedgerTable.Hash(sql, new LeafRange(0, size))).Sign(signer).ToString();

    private static Refusal NoSuchEntry(long index)
        => Refusal.NotFound($"the ledger has no entry {index}", "'domicile ledger checkpoint' says how many it has");
}

/// <summary>What kinds of entries there are. On disk: never rename.</summary>
internal static class LedgerKind
{
    public const string Move = "move";
    public const string Erasure = "erasure";
    public const string Policy = "policy";
    public const string Override = "placement-override";
}
