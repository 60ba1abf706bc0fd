using System.Data;
using System.Data.Common;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;

namespace Domicile.Ledger;

/// <summary>
/// The append-only log of receipts, policy versions and operator access: an RFC 6962 tree over SQL, with signed heads.
/// One writer at a time, the process that holds control's database; any number of readers. It keeps no state of its own
/// between calls, so a transaction that is rolled back leaves no trace.
/// </summary>
/// <remarks>
/// It never signs a fork: before a head is signed, the tree that the last signed head committed to is computed again
/// from the tables and must be the beginning of this one. What was signed is durable before anyone sees it.
/// </remarks>
internal sealed class LedgerStore
{
    public const int LeafLengthBytesMax = 128 * 1024;
    public const int PageLeavesMax = 1000;

    private readonly string _origin;
    private readonly EcdsaSigner _signer;
    private readonly TimeProvider _time;

    private LedgerStore(string origin, EcdsaSigner signer, TimeProvider time)
    {
        _origin = origin;
        _signer = signer;
        _time = time;
    }

    public PublicKey PublicKey => _signer.PublicKey;

    /// <summary>
    /// Makes the tables where they are missing, reads every leaf, and checks the whole ledger against its last
    /// checkpoint. O(leaves); some microseconds for each.
    /// </summary>
    /// <param name="connection">Open, without a transaction. It is not kept.</param>
    /// <param name="origin">Names the ledger in checkpoints, for ever: <c>domicile.example/deployment</c>.</param>
    /// <param name="bytesType">See <see cref="LedgerSchema"/>.</param>
    /// <exception cref="LedgerCorruptException">The tables contradict themselves or the last checkpoint.</exception>
    public static async Task<LedgerStore> OpenAsync(
        DbConnection connection, string origin, EcdsaSigner signer, TimeProvider time,
        string bytesType = LedgerSchema.BytesInSqlite, CancellationToken cancellationToken = default)
    {
        var store = new LedgerStore(origin, signer, time);
        var tables = new LedgerTables(connection, null);
        await tables.CreateAsync(bytesType, cancellationToken);
        await store.VerifyAsync(connection, cancellationToken);
        return store;
    }

    /// <summary>Appends a leaf in the caller's transaction; it is in the ledger when that commits. O(log n).</summary>
    /// <returns>The leaf's index.</returns>
    public async Task<long> AppendAsync(
        DbTransaction transaction, LedgerKind kind, ReadOnlyMemory<byte> leaf, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaf.Length, LeafLengthBytesMax);
        var tables = new LedgerTables(transaction.Connection!, transaction);
        var index = await tables.CountAsync(cancellationToken);
        var hash = MerkleTree.HashLeaf(leaf.Span);
        var stored = new LedgerLeaf(index, kind, _time.GetUtcNow(), leaf.ToArray());
        await tables.InsertLeafAsync(stored, hash, cancellationToken);

        // A right child completes its parent, which may be a right child itself.
        for (var node = new TreeNode(0, index); (node.Index & 1) == 1;)
        {
            var left = await tables.ReadNodeAsync(node with { Index = node.Index - 1 }, cancellationToken);
            hash = MerkleTree.HashNode(left, hash);
            node = new TreeNode(node.Level + 1, node.Index >> 1);
            await tables.InsertNodeAsync(node, hash, cancellationToken);
        }

        return index;
    }

    /// <summary>Signs the head as it is committed, or answers the last checkpoint if nothing was appended since.</summary>
    /// <param name="connection">Open, without a transaction.</param>
    /// <returns>The signed note; durable.</returns>
    /// <exception cref="LedgerCorruptException">The last checkpoint is not of a beginning of this tree.</exception>
    public async Task<string> CheckpointAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken);
        var tables = new LedgerTables(connection, transaction);
        var size = await tables.CountAsync(cancellationToken);
        var last = await ReadLastAsync(tables, cancellationToken);
        if (last is not null && last.Checkpoint.Size == size)
        {
            await CheckGrownAsync(tables, last.Checkpoint, size, cancellationToken);
            return last.Note;
        }

        var head = new Checkpoint(_origin, size, await RootAsync(tables, size, cancellationToken));
        await CheckGrownAsync(tables, last?.Checkpoint, size, cancellationToken);
        var note = head.Sign(_signer).ToString();
        await tables.InsertCheckpointAsync(size, note, _time.GetUtcNow(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return note;
    }

    /// <summary>Reads a leaf.</summary>
    /// <returns>Null where there is none of this index.</returns>
    public static async Task<LedgerLeaf?> ReadAsync(DbConnection connection, long index, CancellationToken cancellationToken)
        => (await ReadPageAsync(connection, index, 1, cancellationToken)).SingleOrDefault();

    /// <summary>Reads up to <paramref name="count"/> leaves from an index on, for people and monitors.</summary>
    public static async Task<IReadOnlyList<LedgerLeaf>> ReadPageAsync(
        DbConnection connection, long from, int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, PageLeavesMax);
        var page = new List<LedgerLeaf>();
        await foreach (var leaf in new LedgerTables(connection, null).ReadLeavesAsync(from, count, cancellationToken))
        {
            page.Add(leaf);
        }

        return page;
    }

    /// <summary>What a receipt needs: that a leaf is under the last checkpoint.</summary>
    /// <returns>Null where no checkpoint covers the leaf yet, or there is no such leaf.</returns>
    /// <exception cref="LedgerCorruptException">The tables no longer prove it.</exception>
    public async Task<LedgerProof?> ProveAsync(DbConnection connection, long index, CancellationToken cancellationToken)
    {
        var tables = new LedgerTables(connection, null);
        if (index < 0 || await ReadLastAsync(tables, cancellationToken) is not { } last || index >= last.Checkpoint.Size)
        {
            return null;
        }

        var size = last.Checkpoint.Size;
        var path = MerkleTree.InclusionPath(index, size);
        var proof = await HashesAsync(tables, path, cancellationToken);

        // A proof that its reader would refuse is worse than an error here.
        var leaf = await ReadAsync(connection, index, cancellationToken)
            ?? throw new LedgerCorruptException($"leaf {index} is missing, under a checkpoint of {size} leaves");
        return MerkleTree.VerifyInclusion(MerkleTree.HashLeaf(leaf.Bytes), index, size, proof, last.Checkpoint.Root)
            ? new LedgerProof(index, size, proof, last.Note)
            : throw new LedgerCorruptException($"leaf {index} can't be proven under the checkpoint of {size} leaves");
    }

    /// <summary>Proves that the ledger of an older size is the beginning of a newer one: at most 64 hashes.</summary>
    /// <returns>Null where the ledger does not have that many leaves, or the sizes are in the wrong order.</returns>
    public static async Task<IReadOnlyList<byte[]>?> ProveConsistencyAsync(
        DbConnection connection, long oldSize, long newSize, CancellationToken cancellationToken)
    {
        var tables = new LedgerTables(connection, null);
        var isPossible = oldSize >= 0 && oldSize <= newSize && newSize <= await tables.CountAsync(cancellationToken);
        return isPossible
            ? await HashesAsync(tables, MerkleTree.ConsistencyPath(oldSize, newSize), cancellationToken)
            : null;
    }

    /// <summary>Reads and hashes every leaf again, and compares the result with all that is stored and was signed.</summary>
    /// <exception cref="LedgerCorruptException">Something differs; the message says what.</exception>
    public async Task VerifyAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var tables = new LedgerTables(connection, null);
        var last = await ReadLastAsync(tables, cancellationToken);
        var head = new LedgerHead();
        var signedRoot = last?.Checkpoint.Size == 0 ? MerkleTree.EmptyRoot : null;
        await foreach (var leaf in tables.ReadLeavesAsync(0, long.MaxValue, cancellationToken))
        {
            if (leaf.Index != head.Size)
            {
                throw new LedgerCorruptException($"leaf {head.Size} is missing");
            }

            head.Append(MerkleTree.HashLeaf(leaf.Bytes));
            signedRoot = head.Size == last?.Checkpoint.Size ? head.Root() : signedRoot;
        }

        CheckSigned(last?.Checkpoint, head.Size, signedRoot);
        if (!(await RootAsync(tables, head.Size, cancellationToken)).AsSpan().SequenceEqual(head.Root()))
        {
            throw new LedgerCorruptException("the stored hashes are not those of the stored leaves");
        }
    }

    private static async Task CheckGrownAsync(
        LedgerTables tables, Checkpoint? last, long size, CancellationToken cancellationToken)
    {
        if (last is not null)
        {
            var known = last.Size <= size ? await RootAsync(tables, last.Size, cancellationToken) : null;
            CheckSigned(last, size, known);
        }
    }

    private static void CheckSigned(Checkpoint? last, long size, byte[]? rootAtLastSize)
    {
        if (last is not null && last.Size > size)
        {
            throw new LedgerCorruptException($"it has {size} leaves, and its last checkpoint is of {last.Size}");
        }

        if (last is not null && !last.Root.AsSpan().SequenceEqual(rootAtLastSize))
        {
            throw new LedgerCorruptException($"its first {last.Size} leaves are not those that its last checkpoint signed");
        }
    }

    private async Task<SignedHead?> ReadLastAsync(LedgerTables tables, CancellationToken cancellationToken)
    {
        if (await tables.ReadLastCheckpointAsync(cancellationToken) is not { } note)
        {
            return null;
        }

        // Also what a changed key or origin looks like: checkpoints that nobody can compare any more.
        return Checkpoint.TryOpen(note, _signer.PublicKey, out var checkpoint) && checkpoint.Origin == _origin
            ? new SignedHead(checkpoint, note)
            : throw new LedgerCorruptException($"its last checkpoint is not signed by '{_origin}' with key {_signer.PublicKey}");
    }

    private static Task<byte[]> RootAsync(LedgerTables tables, long size, CancellationToken cancellationToken)
        => HashAsync(tables, new LeafRange(0, size), cancellationToken);

    private static async Task<IReadOnlyList<byte[]>> HashesAsync(
        LedgerTables tables, IReadOnlyList<LeafRange> path, CancellationToken cancellationToken)
    {
        var hashes = new List<byte[]>(path.Count);
        foreach (var range in path)
        {
            hashes.Add(await HashAsync(tables, range, cancellationToken));
        }

        return hashes;
    }

    private static async Task<byte[]> HashAsync(LedgerTables tables, LeafRange range, CancellationToken cancellationToken)
    {
        var nodes = new List<byte[]>();
        foreach (var node in range.Nodes())
        {
            nodes.Add(await tables.ReadNodeAsync(node, cancellationToken));
        }

        return LeafRange.Fold(nodes);
    }

    private sealed record SignedHead(Checkpoint Checkpoint, string Note);
}
