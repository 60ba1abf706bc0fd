using Domicile.Moves;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>The tables of control.db, in SQL that SQLite and PostgreSQL share. The ledger brings its own.</summary>
internal static class ControlSchema
{
    // Where release 0.1.0 looks for versions, instead of in the file's own: it opens what it finds here as 1. It may, up to
    // format 3; a format that it would break sets one of these to 2.
    private const string PartTable = "CREATE TABLE schema_part (name TEXT PRIMARY KEY, version INTEGER NOT NULL)";
    private const string Parts
        = "INSERT INTO schema_part (name, version) VALUES ('control', 1), ('moves', 1), ('receipt_reencryption', 1)";

    // Accounts of which something is still to be done: few, whatever the number of all.
    private const string UnfinishedIndex
        = $"CREATE INDEX IF NOT EXISTS directory_unfinished ON directory (account) WHERE {AccountTable.IsUnfinished}";

    // Regions that are being drained, and who has begun it.
    private const string DrainTable
        = "CREATE TABLE IF NOT EXISTS drain (region TEXT PRIMARY KEY, since_ms BIGINT NOT NULL, operator TEXT NOT NULL)";

    private static readonly IReadOnlyList<string> Upgrades = [UnfinishedIndex, DrainTable];

    private static readonly IReadOnlyList<string> Statements =
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
        // What targets last stated of what came under their sources' keys, by move. DSSE envelopes.
        "CREATE TABLE receipt_reencryption (move TEXT PRIMARY KEY, statement BLOB NOT NULL)",
        UnfinishedIndex,
        DrainTable,
        .. MoveRecords.Schema,
        PartTable,
        Parts,
    ];

    public static readonly DatabaseFormat Format = new("Control's database", Statements, Upgrades)
    {
        FindUnsaid = sql => sql.Scalar<long>("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_part'"),
    };
}
