using System.Collections.Concurrent;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// Which accounts a start must look at: an empty file <c>pending/ACCOUNT</c> for each whose row says that something is under
/// way, a move, an erasure, or the encrypting anew. The mark is durable before the commit that needs it, and goes after the one
/// that doesn't: a crash between leaves a mark too many, never one too few. Thread-safe.
/// </summary>
/// <remarks>
/// A database that was open when the process died has its log beside it, which SQLite takes away when it closes one: so those
/// whose drafts and dropped files may have stayed are known without a mark.
/// </remarks>
internal sealed class StartMarks
{
    private const string CompleteName = "complete";

    private readonly string _directory;
    private readonly ConcurrentDictionary<AccountId, bool> _marked = new();

    private StartMarks(string directory) => _directory = directory;

    /// <summary>
    /// Whether every account that needs a mark has one: not in a directory of a former release, until all accounts of it
    /// have been looked at once.
    /// </summary>
    public bool IsComplete { get; private set; }

    /// <param name="isNew">Whether the region has no account yet.</param>
    public static StartMarks Open(string regionDirectory, bool isNew)
    {
        var marks = new StartMarks(Path.Combine(regionDirectory, "pending"));
        DurableFile.CreateDirectory(regionDirectory, marks._directory);
        foreach (var name in Directory.EnumerateFiles(marks._directory).Select(Path.GetFileName))
        {
            if (AccountId.TryParse(name, out var account))
            {
                marks._marked[account] = true;
            }

            marks.IsComplete |= name == CompleteName;
        }

        if (isNew)
        {
            marks.SetComplete();
        }

        return marks;
    }

    public IReadOnlyCollection<AccountId> All => [.. _marked.Keys];

    public bool Has(AccountId account) => _marked.ContainsKey(account);

    /// <summary>Durable when it returns.</summary>
    public void Put(AccountId account)
    {
        if (!Has(account))
        {
            Create(account.Value);
            _marked[account] = true;
        }
    }

    /// <summary>Neither flushed nor sure: a mark that stays or comes back costs the next start a look.</summary>
    public void Remove(AccountId account)
    {
        if (!Has(account))
        {
            return;
        }

        try
        {
            File.Delete(Path.Combine(_directory, account.Value));
            _marked.TryRemove(account, out _);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // What called for it is committed, and goes on.
        }
    }

    /// <summary>All accounts have been looked at.</summary>
    public void SetComplete()
    {
        if (!IsComplete)
        {
            Create(CompleteName);
            IsComplete = true;
        }
    }

    private void Create(string name)
    {
        DurableFile.CreateOwnerOnly(Path.Combine(_directory, name)).Dispose();
        DurableFile.FlushDirectory(_directory);
    }
}
