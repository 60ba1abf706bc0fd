using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Storage;

/// <summary>What is to be in a new account's database.</summary>
/// <param name="Fill">Puts its rows. Answers false, or puts none: nothing is made.</param>
internal sealed record NewDatabase(AccountId Account, Func<AccountTransaction, AccountStore, bool> Fill);

/// <summary>
/// Makes accounts' databases, many at a time. Each is written whole, under another name, and gets its place when all of them are
/// on stable storage: no log is begun and taken back for it, and many share a flush. Thread-safe: one batch at a time.
/// </summary>
internal sealed class NewDatabases : IDisposable
{
    /// <summary>Where they lie until they have their place. What a crash leaves there is nothing.</summary>
    public const string DirectoryName = "new";

    private readonly RegionStorage _region;
    private readonly string _directory;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly byte[] _file = new byte[SqliteEngine.NewFile.Length];

    // The tables, in memory. Each account's rows are put there in a transaction that is rolled back.
    private Sql? _tables;

    public NewDatabases(RegionStorage region)
    {
        _region = region;
        _directory = Path.Combine(region.Directory, DirectoryName);
        DeleteDrafts();
    }

    /// <summary>When it returns those that were made are on stable storage.</summary>
    /// <returns>Which were made. Of the others something was here already, or there is nothing to be in them.</returns>
    /// <exception cref="StorageFullException">The disk is full. Some may have been made.</exception>
    public async Task<bool[]> MakeAsync(IReadOnlyList<NewDatabase> wanted, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var made = new bool[wanted.Count];
            await _region.Workers.Run(() => Make(wanted, made));
            return made;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        ForgetTables();
        _turn.Dispose();
    }

    private void Make(IReadOnlyList<NewDatabase> wanted, bool[] made)
    {
        _region.ThrowIfClosed();
        var drafts = new List<Draft>();
        try
        {
            // :: Step 1: whole files, under names that say nothing.
            SmallFile.CreateDirectory(_directory);
            foreach (var (line, one) in wanted.Index())
            {
                if (TryBuild(line, one) is { } draft)
                {
                    drafts.Add(draft);
                }
            }

            DurableFile.Flush(_directory, drafts.ConvertAll(draft => draft.Path));

            // :: Step 2: their places. What was there already is flushed too: its own flush may have failed.
            drafts.ForEach(draft => made[draft.Line] = draft.Store.TryPlace(draft.Path));
            DurableFile.Flush(_directory, [
                .. wanted.SelectMany(one => _region.DirectoriesOf(one.Account)).Distinct().Where(Directory.Exists)]);
        }
        catch (IOException full) when (DurableFile.IsFull(full))
        {
            throw new StorageFullException(
                $"Making accounts in '{_region.Directory}': {DiskProbe.WhyFull(_region.Directory)}. Nothing was lost.", full);
        }
        finally
        {
            DeleteDrafts();
        }

        // :: Step 3: what is known of them outside.
        foreach (var draft in drafts.Where(draft => made[draft.Line]))
        {
            draft.Store.SetPlaced(draft.Row, draft.Summary);
        }
    }

    private void DeleteDrafts()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    /// <returns>Null where something of the account is here, nothing is to be in its database, or too much for a new one.</returns>
    private Draft? TryBuild(int line, NewDatabase wanted)
    {
        var store = _region.Open(wanted.Account);
        if (!store.IsNothingHere)
        {
            return null;
        }

        _tables ??= SqliteEngine.OpenNothing();
        var transaction = new AccountTransaction(_tables, wanted.Account, row: null, commitsKnown: 0, () => null, _region.Time);
        try
        {
            _tables.Execute("BEGIN");
            transaction.Begin();
            if (!wanted.Fill(transaction, store) || transaction.Row is null)
            {
                _tables.Execute("ROLLBACK");
                return null;
            }

            transaction.Finish();
            var summary = _region.Summarize?.Invoke(_tables, transaction.Row);
            var isWhole = SqliteEngine.TryCopyFile(_tables, _file);
            _tables.Execute("ROLLBACK");
            return isWhole ? new Draft(line, store, Write(line), transaction.Row, summary) : null;
        }
        catch
        {
            ForgetTables();
            throw;
        }
        finally
        {
            transaction.RingChange?.Ring?.Ring.Destroy();
        }
    }

    private string Write(int line)
    {
        var path = Path.Combine(_directory, $"{line}");
        using var file = DurableFile.CreateOwnerOnly(path);
        RandomAccess.Write(file, _file, fileOffset: 0);
        DurableFile.BeginWriteback(file, 0, _file.Length);
        return path;
    }

    private void ForgetTables()
    {
        if (_tables is { } tables)
        {
            _tables = null;
            SqliteEngine.Close(tables);
        }
    }

    private sealed record Draft(int Line, AccountStore Store, string Path, AccountRow Row, string? Summary);
}
