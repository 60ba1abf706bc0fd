using System.Data.Common;
using System.Runtime.CompilerServices;
using Domicile.Proofs;

namespace Domicile.Ledger;

/// <summary>A leaf as it is stored.</summary>
/// <param name="At">When it was appended, by control's clock: for people, it proves nothing.</param>
internal sealed record LedgerLeaf(long Index, LedgerKind Kind, DateTimeOffset At, byte[] Bytes);

/// <summary>The SQL of the ledger: one connection, and the transaction that the caller has on it, if any.</summary>
internal readonly struct LedgerTables(DbConnection connection, DbTransaction? transaction)
{
    /// <summary>The number of leaves. Indexes have no gaps, or <see cref="LedgerStore"/> refuses to open.</summary>
    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT COALESCE(MAX(idx) + 1, 0) FROM ledger_leaf");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task InsertLeafAsync(LedgerLeaf leaf, byte[] hash, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "INSERT INTO ledger_leaf (idx, kind, at, leaf, leaf_hash) VALUES (@idx, @kind, @at, @leaf, @hash)",
            ("@idx", leaf.Index), ("@kind", leaf.Kind.Name()), ("@at", leaf.At.ToUnixTimeMilliseconds()),
            ("@leaf", leaf.Bytes), ("@hash", hash));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <exception cref="LedgerCorruptException">The subtree is there already, so leaves after it must have been lost.</exception>
    public async Task InsertNodeAsync(TreeNode node, byte[] hash, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "INSERT INTO ledger_node (level, idx, hash) VALUES (@level, @idx, @hash) ON CONFLICT DO NOTHING",
            ("@level", (long)node.Level), ("@idx", node.Index), ("@hash", hash));
        if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
        {
            throw new LedgerCorruptException($"subtree {node.Index} at level {node.Level} is there, its last leaf was not");
        }
    }

    /// <exception cref="LedgerCorruptException">The hash of this full subtree is not there.</exception>
    public async Task<byte[]> ReadNodeAsync(TreeNode node, CancellationToken cancellationToken)
    {
        await using var command = node.Level == 0
            ? Command("SELECT leaf_hash FROM ledger_leaf WHERE idx = @idx", ("@idx", node.Index))
            : Command(
                "SELECT hash FROM ledger_node WHERE level = @level AND idx = @idx",
                ("@level", (long)node.Level), ("@idx", node.Index));
        var hash = await command.ExecuteScalarAsync(cancellationToken) as byte[];
        return hash is { Length: MerkleTree.HashLengthBytes }
            ? hash
            : throw new LedgerCorruptException($"the hash of subtree {node.Index} at level {node.Level} is missing");
    }

    /// <summary>Leaves from an index on, in order.</summary>
    public async IAsyncEnumerable<LedgerLeaf> ReadLeavesAsync(
        long from, long count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command(
            "SELECT idx, kind, at, leaf FROM ledger_leaf WHERE idx >= @from AND idx < @to ORDER BY idx",
            ("@from", from), ("@to", from + count));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (index, kind) = (reader.GetInt64(0), reader.GetString(1));
            yield return new LedgerLeaf(
                index,
                LedgerKindNames.Parse(kind) ?? throw new LedgerCorruptException($"leaf {index} is of no known kind"),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2)), reader.GetFieldValue<byte[]>(3));
        }
    }

    /// <summary>The note of the last checkpoint, or null before the first.</summary>
    public async Task<string?> ReadLastCheckpointAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1");
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    public async Task InsertCheckpointAsync(long size, string note, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "INSERT INTO ledger_checkpoint (size, note, at) VALUES (@size, @note, @at)",
            ("@size", size), ("@note", note), ("@at", at.ToUnixTimeMilliseconds()));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task CreateAsync(string bytesType, CancellationToken cancellationToken)
    {
        await using var command = Command(LedgerSchema.Create(bytesType));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private DbCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // every text is a constant of this file or of LedgerSchema
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
