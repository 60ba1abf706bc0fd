using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>
/// The ledger's rows: its leaves, and the hash of every full subtree, so that a root or a proof reads a few dozen rows
/// however long the ledger is. Rows are added and never changed.
/// </summary>
internal static class LedgerTable
{
    public static readonly SchemaPart Part = new("ledger", 1,
    [
        // kind: what the leaf says, a word. leaf: the canonical bytes of a signed statement.
        """
        CREATE TABLE ledger_entry (
          entry BIGINT PRIMARY KEY, kind TEXT NOT NULL, at_ms BIGINT NOT NULL, leaf BLOB NOT NULL)
        """,
        // The full subtree of 2^level leaves from (node << level) on (RFC 6962).
        """
        CREATE TABLE ledger_node (
          level INTEGER NOT NULL, node BIGINT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, node))
        """,
    ]);

    /// <returns>The entry's index, from 0.</returns>
    public static long Append(Sql sql, string kind, DateTimeOffset at, byte[] leaf)
    {
        var index = Size(sql);
        sql.Execute(
            "INSERT INTO ledger_entry (entry, kind, at_ms, leaf) VALUES (@p1, @p2, @p3, @p4)",
            index, kind, at.ToUnixTimeMilliseconds(), leaf);

        var hash = MerkleTree.HashLeaf(leaf);
        PutNode(sql, new TreeNode(0, index), hash);
        for (var node = new TreeNode(0, index); (node.Index & 1) == 1;)
        {
            // A right child: with its left sibling it makes a full subtree one level up.
            hash = MerkleTree.HashNode(HashOf(sql, node with { Index = node.Index - 1 }), hash);
            node = new TreeNode(node.Level + 1, node.Index >> 1);
            PutNode(sql, node, hash);
        }

        return index;
    }

    public static long Size(Sql sql) => sql.Scalar<long>("SELECT COALESCE(MAX(entry) + 1, 0) FROM ledger_entry");

    public static LedgerEntry? Find(Sql sql, long index)
        => sql.Single(
            "SELECT entry, kind, at_ms, leaf FROM ledger_entry WHERE entry = @p1",
            row => new LedgerEntry(
                row.GetInt64(0), row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                row.GetFieldValue<byte[]>(3)),
            index);

    public static byte[] Hash(Sql sql, LeafRange range)
        => LeafRange.Fold([.. range.Nodes().Select(node => HashOf(sql, node))]);

    /// <summary>Hashes every leaf again.</summary>
    /// <returns>The root that the leaves have, whatever the stored nodes say.</returns>
    public static byte[] ComputeRoot(Sql sql)
        => MerkleTree.Root(
            sql.List("SELECT leaf FROM ledger_entry ORDER BY entry", row => MerkleTree.HashLeaf(row.GetFieldValue<byte[]>(0)))
                .ToArray());

    private static void PutNode(Sql sql, TreeNode node, byte[] hash)
        => sql.Execute(
            "INSERT INTO ledger_node (level, node, hash) VALUES (@p1, @p2, @p3)", node.Level, node.Index, hash);

    private static byte[] HashOf(Sql sql, TreeNode node)
        => sql.Scalar<byte[]>("SELECT hash FROM ledger_node WHERE level = @p1 AND node = @p2", node.Level, node.Index)
            ?? throw new InvalidDataException(
                $"Reading the ledger: node {node.Index} of level {node.Level} is missing. Restore control's database.");
}

/// <param name="Leaf">The canonical bytes of a signed statement.</param>
internal sealed record LedgerEntry(long Index, string Kind, DateTimeOffset At, byte[] Leaf);
