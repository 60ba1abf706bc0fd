namespace Domicile.Ledger;

/// <summary>
/// The ledger's tables. A leaf's bytes are what its inclusion proof is about, so they are stored as they were hashed.
/// ledger_node keeps the hash of each full subtree of level 1 and up, which makes appending and proving O(log n).
/// Rows are only ever inserted.
/// </summary>
internal static class LedgerSchema
{
    public const string BytesInSqlite = "BLOB";
    public const string BytesInPostgres = "BYTEA";

    /// <param name="bytes">The engine's type for bytes: the one word in which the engines differ.</param>
    public static string Create(string bytes)
        => $"""
            CREATE TABLE IF NOT EXISTS ledger_leaf (
                idx       BIGINT   NOT NULL PRIMARY KEY,
                kind      TEXT     NOT NULL,
                at        BIGINT   NOT NULL,    -- milliseconds since 1970
                leaf      {bytes}  NOT NULL,
                leaf_hash {bytes}  NOT NULL
            );
            CREATE TABLE IF NOT EXISTS ledger_node (
                level     BIGINT   NOT NULL,
                idx       BIGINT   NOT NULL,
                hash      {bytes}  NOT NULL,
                PRIMARY KEY (level, idx)
            );
            CREATE TABLE IF NOT EXISTS ledger_checkpoint (
                size      BIGINT   NOT NULL PRIMARY KEY,
                note      TEXT     NOT NULL,
                at        BIGINT   NOT NULL     -- milliseconds since 1970
            );
            """;
}
