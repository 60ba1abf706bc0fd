namespace Domicile.Storage;

/// <summary>
/// The tables of one account. The same statements make them in SQLite, where each account has a database file of its own,
/// and in PostgreSQL, where all accounts of a region share them: so every key begins with the account.
/// Text compares by its UTF-8 bytes (SQLite's BINARY, PostgreSQL's "C").
/// </summary>
internal static class Schema
{
    // An erasure that has begun: what there was, counted before anything went. Numbers only; gone when it has ended.
    private const string ErasureTable =
        """
        CREATE TABLE erasure (
          account TEXT PRIMARY KEY, key_destroyed_ms BIGINT NOT NULL, rows_found BIGINT NOT NULL,
          contents_found BIGINT NOT NULL, bytes_found BIGINT NOT NULL, readers_ended BIGINT NOT NULL,
          readers_cut BIGINT NOT NULL)
        """;

    // Access keys that were revoked here, so that who still uses one is told from who guesses. The newest only.
    private const string RevokedKeyTable =
        """
        CREATE TABLE revoked_key (
          account TEXT NOT NULL, access_key TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (account, access_key))
        """;

    // The encrypting anew of what lies under former keys: of the last key that was drawn. cause: the move or rotation that drew
    // it. cursor: contents up to this seq lie under it, but for damaged ones. until: the account's seq when it was drawn.
    // damaged: contents and secrets that open under no key.
    private const string RekeyTable =
        """
        CREATE TABLE rekey (
          account TEXT PRIMARY KEY, cause TEXT NOT NULL, new_key_ms BIGINT NOT NULL, ended_ms BIGINT,
          cursor BIGINT NOT NULL, until BIGINT NOT NULL, damaged BIGINT NOT NULL)
        """;

    private static readonly IReadOnlyList<string> Upgrades =
    [
        // bytes counted versions alone.
        """
        UPDATE account SET bytes = bytes
          + (SELECT coalesce(CAST(sum(size) AS BIGINT), 0) FROM part WHERE part.account = account.account)
        """,
        "ALTER TABLE move_record ADD COLUMN signed_order BLOB",
        ErasureTable,
        RevokedKeyTable,
        "ALTER TABLE account ADD COLUMN former_keys BLOB",
        RekeyTable,
        "ALTER TABLE account ADD COLUMN commits BIGINT NOT NULL DEFAULT 0",
    ];

    /// <summary>The format that began to count commits.</summary>
    public const int CommitsSince = 8;

    private static readonly IReadOnlyList<string> Statements =
    [
        // The row that decides (docs/protocols/move.md). state and epoch fence every write.
        // move: the move that this row's state belongs to. peer: where from (arriving) or where to (departing, departed).
        // cursor: what the target has stored of the source's changes. pulling: the move whose target follows this copy;
        // while it is set, deletions leave tombstones. has_data: bytes of the account may lie here.
        // versions, bytes: how many versions, and bytes of plain content of them and of parts, the rows say; counted with
        // the digest. commits: how many changed this row, for the mark outside of the database. wrapped_key: the newest;
        // former_keys: those under which something may still lie, see WrappedKeys.
        """
        CREATE TABLE account (
          account TEXT PRIMARY KEY, epoch BIGINT NOT NULL, state INTEGER NOT NULL, seq BIGINT NOT NULL,
          digest BLOB NOT NULL, versions BIGINT NOT NULL, bytes BIGINT NOT NULL, residence TEXT NOT NULL,
          organisation TEXT, move TEXT, peer TEXT, cursor BIGINT NOT NULL,
          pulling TEXT, has_data INTEGER NOT NULL, wrapped_key BLOB, former_keys BLOB,
          created_ms BIGINT NOT NULL, commits BIGINT NOT NULL DEFAULT 0)
        """,
        // What became of moves here; outlives departure and erasure. role: 1 source, 2 target.
        // outcome: 1 activated, 2 refused, 9 arriving (target); 8 prepared, 6 sealed, 7 departing, 3 departed, 4 ended,
        // 5 erased (source). statement: signed, DSSE. signed_order: control's, JSON.
        """
        CREATE TABLE move_record (
          account TEXT NOT NULL, move TEXT NOT NULL, role INTEGER NOT NULL, outcome INTEGER NOT NULL,
          epoch BIGINT NOT NULL, peer TEXT NOT NULL, seq BIGINT NOT NULL, digest BLOB, at_ms BIGINT NOT NULL,
          statement BLOB, erasure BLOB, signed_order BLOB, PRIMARY KEY (account, move, role))
        """,
        // Writes handed over by the former home. attempt: the hash of the client's signature. result: the attempt and its answer.
        """
        CREATE TABLE attempt (
          account TEXT NOT NULL, attempt TEXT NOT NULL, epoch BIGINT NOT NULL, result BLOB NOT NULL,
          PRIMARY KEY (account, attempt))
        """,
        """
        CREATE TABLE bucket (
          account TEXT NOT NULL, name TEXT NOT NULL, seq BIGINT NOT NULL, created_ms BIGINT NOT NULL,
          versioning INTEGER NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (account, name))
        """,
        "CREATE INDEX bucket_seq ON bucket (account, seq)",
        // A version or delete marker. born orders a key's versions; latest marks the highest born of its key and follows
        // from the rows, so it is neither copied nor digested. document: all that no query selects by, JSON.
        """
        CREATE TABLE version (
          account TEXT NOT NULL, bucket TEXT NOT NULL, name TEXT NOT NULL, born BIGINT NOT NULL, version_id TEXT NOT NULL,
          seq BIGINT NOT NULL, latest INTEGER NOT NULL, marker INTEGER NOT NULL, modified_ms BIGINT NOT NULL,
          size BIGINT NOT NULL, etag TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (account, bucket, name, born))
        """,
        "CREATE INDEX version_seq ON version (account, seq)",
        "CREATE INDEX version_current ON version (account, bucket, name) WHERE latest = 1 AND marker = 0",
        """
        CREATE TABLE upload (
          account TEXT NOT NULL, bucket TEXT NOT NULL, name TEXT NOT NULL, upload TEXT NOT NULL, seq BIGINT NOT NULL,
          initiated_ms BIGINT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (account, bucket, name, upload))
        """,
        "CREATE INDEX upload_seq ON upload (account, seq)",
        """
        CREATE TABLE part (
          account TEXT NOT NULL, upload TEXT NOT NULL, number INTEGER NOT NULL, seq BIGINT NOT NULL, size BIGINT NOT NULL,
          etag TEXT NOT NULL, modified_ms BIGINT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (account, upload, number))
        """,
        "CREATE INDEX part_seq ON part (account, seq)",
        // Access keys. secret: encrypted under a key of the account, so it travels as it lies.
        """
        CREATE TABLE credential (
          account TEXT NOT NULL, access_key TEXT NOT NULL, seq BIGINT NOT NULL, created_ms BIGINT NOT NULL,
          label TEXT NOT NULL, secret BLOB NOT NULL, PRIMARY KEY (account, access_key))
        """,
        "CREATE INDEX credential_seq ON credential (account, seq)",
        // Stored contents. refs counts the pieces of versions and parts that use it; at 0 it goes, in the same transaction.
        // inline: the encrypted frames of a short one; null where they are in a file.
        """
        CREATE TABLE content (
          account TEXT NOT NULL, content TEXT NOT NULL, seq BIGINT NOT NULL, length BIGINT NOT NULL, refs BIGINT NOT NULL,
          inline BLOB, PRIMARY KEY (account, content))
        """,
        "CREATE INDEX content_seq ON content (account, seq)",
        "CREATE INDEX content_unreferenced ON content (account) WHERE refs = 0",
        // Rows deleted while a target follows. kind: Storage.RowKind. name: the row's key as RowKind says.
        """
        CREATE TABLE tombstone (
          account TEXT NOT NULL, seq BIGINT NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,
          PRIMARY KEY (account, seq, kind, name))
        """,
        // Files to delete after the transaction that dropped their content rows: the intent is recorded before the act.
        "CREATE TABLE discard (account TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (account, content))",
        ErasureTable,
        RevokedKeyTable,
        RekeyTable,
    ];

    public static readonly DatabaseFormat Format = new("Account database", Statements, Upgrades);
}
