using System.Text;
using Domicile.Accounts;
using Domicile.Ledger;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>
/// What control puts into the ledger: policies, overrides, erasures and moves, each a signed statement in the transaction of
/// what it is about. Accounts are in it only as commitments under their salts.
/// </summary>
internal sealed class ControlLedger
{
    private readonly ControlDatabase _database;
    private readonly LedgerStore _store;
    private readonly EcdsaSigner _signer;
    private readonly TimeProvider _time;

    private ControlLedger(ControlDatabase database, LedgerStore store, EcdsaSigner signer, TimeProvider time)
        => (_database, _store, _signer, _time) = (database, store, signer, time);

    public PublicKey PublicKey => _signer.PublicKey;

    public long Size => _database.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM ledger_leaf"));

    /// <summary>Opens the ledger in control's database and checks all of it.</summary>
    /// <exception cref="LedgerCorruptException">It isn't what was signed.</exception>
    public static async Task<ControlLedger> OpenAsync(
        ControlDatabase database, EcdsaSigner signer, string deployment, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var store = await database.UseWriterAsync(
            connection => LedgerStore.OpenAsync(
                connection, $"domicile.dev/ledger/{deployment}", signer, time, cancellationToken: cancellationToken),
            cancellationToken);
        return new ControlLedger(database, store, signer, time);
    }

    public long AppendOverride(Sql sql, ControlAccount account, RegionFacts home, PolicyInForce policy, string by)
        => Append(
            sql, LedgerKind.PlacementOverride,
            Sign(
                SubjectOf(account.Id, account.Salt),
                new PlacementOverride(home.ToClaim(), policy.Policy.Revision, account.Misplaced!, _time.GetUtcNow(), by))
            .ToBytes());

    public long AppendPolicy(Sql sql, PolicyInForce policy, string by)
        => Append(
            sql, LedgerKind.Policy,
            Sign(
                Subject.Policy(Encoding.UTF8.GetBytes(policy.Policy.Text)),
                new PolicyVersion(policy.Policy.Revision, policy.Since, by))
            .ToBytes());

    /// <summary>Appends a statement that a region has signed and that was checked.</summary>
    public long AppendErasure(Sql sql, byte[] envelope) => Append(sql, LedgerKind.Erasure, envelope);

    /// <summary>Appends control's statement of a move.</summary>
    public long AppendMove(Sql sql, DsseEnvelope move) => Append(sql, LedgerKind.Move, move.ToBytes());

    public async Task<CheckpointView> CheckpointAsync(CancellationToken cancellationToken)
        => new(await SignHeadAsync(cancellationToken), _signer.PublicKey.ToPem());

    public async Task<Outcome<LedgerEntryView>> ShowAsync(long index, CancellationToken cancellationToken)
        => await ReadAsync(index, cancellationToken) is { } leaf
            ? new LedgerEntryView(
                leaf.Index, leaf.Kind.Name(), leaf.At, Convert.ToBase64String(leaf.Bytes), HashOf(leaf))
            : NoSuchEntry(index);

    public async Task<Outcome<LedgerProofView>> ProveViewAsync(long index, CancellationToken cancellationToken)
    {
        if (await ReadAsync(index, cancellationToken) is not { } leaf)
        {
            return NoSuchEntry(index);
        }

        var proof = await ProveAsync(index, cancellationToken);
        return new LedgerProofView(
            index, proof.TreeSize, HashOf(leaf), [.. proof.InclusionProof.Select(Convert.ToHexStringLower)],
            proof.Checkpoint);
    }

    /// <summary>Proves an entry, which is there, under the ledger as it is now.</summary>
    public async Task<LedgerProof> ProveAsync(long index, CancellationToken cancellationToken)
    {
        await SignHeadAsync(cancellationToken);
        var proof = await _database.UseReaderAsync(connection => _store.ProveAsync(connection, index, cancellationToken));
        Invariant.Check(proof is not null);
        return proof;
    }

    /// <summary>Reads and hashes the whole ledger again.</summary>
    /// <returns>Null if it is what was signed.</returns>
    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _database.UseReaderAsync(async connection =>
            {
                await _store.VerifyAsync(connection, cancellationToken);
                return (string?)null;
            });
        }
        catch (LedgerCorruptException corrupt)
        {
            return corrupt.Message;
        }
    }

    public static Subject SubjectOf(AccountId account, ReadOnlySpan<byte> salt) => Subject.Account(account.Value, salt);

    public DsseEnvelope Sign(Subject subject, Predicate predicate)
        => DsseEnvelope.Sign(new Statement(subject, predicate), _signer);

    private long Append(Sql sql, LedgerKind kind, byte[] leaf)
    {
        // The caller's transaction is synchronous, as SQLite is: its calls have ended when they return.
        var appended = _store.AppendAsync(sql.Transaction!, kind, leaf, CancellationToken.None);
        Invariant.Check(appended.IsCompleted);
        return appended.GetAwaiter().GetResult();
    }

    private Task<string> SignHeadAsync(CancellationToken cancellationToken)
        => _database.UseWriterAsync(connection => _store.CheckpointAsync(connection, cancellationToken), cancellationToken);

    private Task<LedgerLeaf?> ReadAsync(long index, CancellationToken cancellationToken)
        => _database.UseReaderAsync(connection => LedgerStore.ReadAsync(connection, index, cancellationToken));

    private static string HashOf(LedgerLeaf leaf) => Convert.ToHexStringLower(MerkleTree.HashLeaf(leaf.Bytes));

    private static Refusal NoSuchEntry(long index)
        => Refusal.NotFound($"the ledger has no entry {index}", "'domicile ledger checkpoint' says how many it has");
}
