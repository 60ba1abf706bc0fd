using Domicile.Accounts;
using Microsoft.Data.Sqlite;

namespace Domicile.Storage;

/// <summary>What was so of an account when its database was closed.</summary>
/// <param name="Summary">What the region's owner made of its rows; null where that would have taken long.</param>
internal sealed record AccountNote(
    AccountState State, long Epoch, long Seq, RegionName? Peer, Guid? Move, bool HasData, string? Summary);

/// <summary>
/// Notes on accounts whose database is closed, in <c>notes.db</c>, so that a question about all accounts opens none. A note
/// holds as long as the account's database is, to the tick and to the byte, the file that it was made of, and has no log:
/// then nobody has written since. Only a memory: without it, or where it is damaged, databases are opened. Thread-safe.
/// </summary>
internal sealed class AccountNotes(string directory) : IDisposable
{
    public const string FileName = "notes.db";

    // Of another version they are thrown away like damaged ones.
    private static readonly DatabaseFormat Format = new(
        "Notes on accounts",
        [
            """
            CREATE TABLE IF NOT EXISTS note (
              account TEXT PRIMARY KEY, changed BIGINT NOT NULL, length BIGINT NOT NULL, state INTEGER NOT NULL,
              epoch BIGINT NOT NULL, seq BIGINT NOT NULL, peer TEXT, move TEXT, has_data INTEGER NOT NULL, summary TEXT)
              WITHOUT ROWID
            """,
        ],
        []);

    private readonly Lock _gate = new();
    private readonly string _path = Path.Combine(directory, FileName);
    private readonly Dictionary<AccountId, (AccountNote Note, Stamp Stamp)> _unsaved = [];
    private Sql? _sql;

    /// <summary>The account's database has been closed just now.</summary>
    public void Put(AccountId account, AccountNote note, string databasePath)
    {
        if (Stamp.Of(databasePath) is not { } stamp)
        {
            return;
        }

        lock (_gate)
        {
            _unsaved[account] = (note, stamp);
            if (_unsaved.Count >= StorageLimits.NotesUnsavedMax)
            {
                Save();
            }
        }
    }

    /// <returns>Null where there is none that holds.</returns>
    public AccountNote? Find(AccountId account, string databasePath)
    {
        if (Stamp.Of(databasePath) is not { } stamp)
        {
            return null;
        }

        lock (_gate)
        {
            return _unsaved.TryGetValue(account, out var unsaved)
                ? unsaved.Stamp == stamp ? unsaved.Note : null
                : _sql is null && !File.Exists(_path) ? null
                : Guarded(sql => sql.Single(
                    "SELECT state, epoch, seq, peer, move, has_data, summary FROM note "
                    + "WHERE account = @p1 AND changed = @p2 AND length = @p3",
                    Read, account.Value, stamp.ChangedTicks, stamp.LengthBytes));
        }
    }

    /// <summary>Nothing of it is left here, nor in the log.</summary>
    public void Forget(AccountId account)
    {
        lock (_gate)
        {
            _unsaved.Remove(account);
            if (_sql is null && !File.Exists(_path))
            {
                return;
            }

            Guarded<object>(sql =>
            {
                if (sql.Execute("DELETE FROM note WHERE account = @p1", account.Value) > 0)
                {
                    sql.Scalar<long>("PRAGMA wal_checkpoint(TRUNCATE)");
                }

                return null;
            });
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Save();
            Close();
        }
    }

    /// <summary>As the death of the process: what wasn't saved is lost.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            Close();
        }
    }

    private static AccountNote Read(SqlRow row)
        => new(
            (AccountState)row.GetInt32(0), row.GetInt64(1), row.GetInt64(2),
            row.IsNull(3) ? null : RegionName.Parse(row.GetString(3)),
            row.IsNull(4) ? null : Guid.ParseExact(row.GetString(4), "D"), row.GetInt64(5) != 0, row.GetStringOrNull(6));

    private void Save()
    {
        if (_unsaved.Count == 0)
        {
            return;
        }

        Guarded<object>(sql =>
        {
            sql.Execute("BEGIN");
            foreach (var (account, (note, stamp)) in _unsaved)
            {
                sql.Execute(
                    """
                    INSERT INTO note (account, changed, length, state, epoch, seq, peer, move, has_data, summary)
                    VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10)
                    ON CONFLICT (account) DO UPDATE SET changed = excluded.changed, length = excluded.length,
                      state = excluded.state, epoch = excluded.epoch, seq = excluded.seq, peer = excluded.peer,
                      move = excluded.move, has_data = excluded.has_data, summary = excluded.summary
                    """,
                    account.Value, stamp.ChangedTicks, stamp.LengthBytes, (int)note.State, note.Epoch, note.Seq,
                    note.Peer?.Value, note.Move?.ToString("D"), note.HasData ? 1L : 0L, note.Summary);
            }

            sql.Execute("COMMIT");
            return null;
        });
        _unsaved.Clear();
    }

    // A file that can't be read goes: all that it says can be had again.
    private T? Guarded<T>(Func<Sql, T?> work)
        where T : class
    {
        try
        {
            return work(_sql ??= Open());
        }
        catch (Exception fault) when (fault is SqliteException or StorageUnreadableException or FormatException)
        {
            Close();
            foreach (var suffix in (string[])["", "-wal", "-shm"])
            {
                File.Delete(_path + suffix);
            }

            return null;
        }
    }

    // Not flushed but at checkpoints, in the log's order: a crash of the machine leaves former notes, which hold or don't.
    private Sql Open()
    {
        if (!File.Exists(_path))
        {
            DurableFile.CreateOwnerOnly(_path).Dispose();
        }

        var sql = SqliteEngine.OpenFile(_path, Format);
        SqliteEngine.SetFlushing(sql, isFlushing: false);
        return sql;
    }

    private void Close()
    {
        if (_sql is { } sql)
        {
            _sql = null;
            SqliteEngine.Close(sql);
        }
    }

    /// <summary>By which a database's file is known again.</summary>
    private readonly record struct Stamp(long ChangedTicks, long LengthBytes)
    {
        /// <returns>Null where there is no such file, or it has a log: somebody may have written since.</returns>
        public static Stamp? Of(string databasePath)
            => new FileInfo(databasePath) is { Exists: true } file && !File.Exists(databasePath + DatabaseOpening.LogSuffix)
                ? new Stamp(file.LastWriteTimeUtc.Ticks, file.Length) : null;
    }
}
