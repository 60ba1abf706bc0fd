namespace Domicile.Control;

/// <summary>Control's own tables, in SQL that SQLite and PostgreSQL share. Moves and ledger bring theirs.</summary>
internal static class ControlSchema
{
    /// <summary>Accounts of which something is still to be done: few, whatever the number of all.</summary>
    public static readonly SchemaPart Unfinished = new("unfinished", 1,
    [
        $"CREATE INDEX directory_unfinished ON directory (account) WHERE {AccountTable.IsUnfinished}",
    ]);

    public static readonly SchemaPart Part = new("control", 1,
    [
        // The directory. state: ControlAccountState. home is null once the account is erased. version: the directory's
        // counter when the entry last changed; 0 while the account is being made, so that no region is told of it.
        // salt: hides the account id in the ledger; emptied when the account is erased, so that nobody finds it there.
        // usage: sizes per category as its home last said, JSON; null before the first time.
        """
        CREATE TABLE directory (
          account TEXT PRIMARY KEY, residence TEXT NOT NULL, organisation TEXT, home TEXT, epoch BIGINT NOT NULL,
          state INTEGER NOT NULL, version BIGINT NOT NULL, created_ms BIGINT NOT NULL, misplaced TEXT,
          salt BLOB NOT NULL, usage TEXT)
        """,
        "CREATE INDEX directory_version ON directory (version)",
        "CREATE INDEX directory_home ON directory (home, state)",
        // The last version given out; one row. An entry's version never goes down, whatever is deleted.
        "CREATE TABLE directory_counter (version BIGINT NOT NULL)",
        "INSERT INTO directory_counter (version) VALUES (0)",
        "CREATE TABLE policy (revision BIGINT PRIMARY KEY, text TEXT NOT NULL, sha256 TEXT NOT NULL, since_ms BIGINT NOT NULL)",
        // SHA-256 of each bearer token of the API.
        "CREATE TABLE token (label TEXT PRIMARY KEY, hash BLOB NOT NULL)",
        // Receipts that are in the ledger, by move: what makes appending one idempotent. document: control's signed
        // statement, the ledger's leaf. The keys are those that signed for source and target.
        """
        CREATE TABLE receipt (
          move TEXT PRIMARY KEY, ledger_index BIGINT NOT NULL, document BLOB NOT NULL, source_key BLOB NOT NULL,
          target_key BLOB NOT NULL)
        """,
        // The key that speaks for each region, as first seen. SubjectPublicKeyInfo, DER.
        "CREATE TABLE region_key (region TEXT PRIMARY KEY, spki BLOB NOT NULL)",
    ]);
}
