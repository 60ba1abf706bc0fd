using System.Globalization;
using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// Opens an account's database, unless what was acknowledged is not all there: then nothing is changed, and what lies there is
/// kept for whoever mends it. An operator who can't mend it says that the loss is accepted, by a file in the account's directory.
/// See docs/decisions/0031-a-damaged-account.md.
/// </summary>
internal static class DatabaseOpening
{
    /// <summary>Made by an operator: go on with what is there. It goes when that has been done.</summary>
    public const string AcceptName = "accept-loss";

    public const string LogSuffix = "-wal";

    /// <param name="create">Make it where there is none.</param>
    /// <returns>Null where there is none, and none that must be.</returns>
    /// <exception cref="StorageUnreadableException">It is damaged, or behind what was acknowledged.</exception>
    public static AccountDatabase? Run(RegionStorage region, AccountId account, bool create)
    {
        var directory = region.DirectoryOf(account);
        var path = Path.Combine(directory, AccountStore.DatabaseName);
        var mark = region.Marks.Find(account);

        // :: Step 1: what must be there is.
        if (!File.Exists(path))
        {
            ThrowIfLost(account, path, mark);
            if (!create)
            {
                return null;
            }
        }

        // :: Step 2: of the log, nothing lies behind a damage. Where commits were not flushed, a crash leaves holes.
        var log = WriteAheadLog.Examine(path + LogSuffix);
        var accept = Path.Combine(directory, AcceptName);
        var isAccepted = File.Exists(accept);
        if (!isAccepted && (log.IsHeaderDamaged ? mark is null : log.CommitsBehind > 1 && mark is { HasUnflushed: false }))
        {
            throw LogDamaged(account, path, directory, log);
        }

        // :: Step 3: what SQLite makes of it is not behind the mark. Looked at before anything is changed.
        var database = AccountDatabase.Open(region.Directory, path, sql =>
        {
            ThrowIfAnothers(sql, account, path);
            if (!isAccepted)
            {
                ThrowIfBehind(sql, account, path, directory, region.Marks.Find(account));
            }
        },
        region.OpenDatabases.Count);

        // :: Step 4: what a crash has left behind the log's end must not look like damage at the next crash.
        if (log.CommitsBehind > 0)
        {
            SqliteEngine.TakeBackAll(database.Writer);
        }

        if (isAccepted)
        {
            Accept(region, account, database, mark);
            File.Delete(accept);
            isAccepted = false;
        }

        return database;
    }

    private static void ThrowIfLost(AccountId account, string path, CommitMark? mark)
    {
        if (mark is { IsHome: true } last)
        {
            throw new StorageUnreadableException(string.Create(
                CultureInfo.InvariantCulture,
                $"account {account} is lost: '{path}' is missing, and change {last.Seq} of it was acknowledged here."))
            {
                Next = "Look for its directory and put it back, from a backup if need be. If it is lost for good, "
                    + $"`domicile account erase {account}` ends it.",
            };
        }
    }

    private static void ThrowIfAnothers(Sql sql, AccountId account, string path)
    {
        if (AccountRows.FindOther(sql, account) is { } other)
        {
            throw new StorageUnreadableException(
                $"'{path}' is the database of account {other}, not of {account}: files were mixed up.")
            {
                Next = $"Stop the region, put {account}'s own directory back there, from a backup if need be, and start it again. "
                    + $"{other}'s belongs into accounts/{other[..Math.Min(2, other.Length)]}/{other}.",
            };
        }
    }

    private static void ThrowIfBehind(Sql sql, AccountId account, string path, string directory, CommitMark? mark)
    {
        if (mark is not { } last)
        {
            return;
        }

        var found = AccountRows.FindProgress(sql, account);
        if ((found is not null || last.IsHome) && (found?.Item1 ?? 0) < last.Commits)
        {
            throw new StorageUnreadableException(string.Create(
                CultureInfo.InvariantCulture,
                $"account {account} is not all here: change {last.Seq} was acknowledged (commit {last.Commits}), and '{path}' ends ")
                + string.Create(
                    CultureInfo.InvariantCulture, $"at change {found?.Item2 ?? 0} (commit {found?.Item1 ?? 0}). ")
                + "Its log was removed or has rotted, or an older copy was put there.")
            {
                Next = NextStep("the files that were removed, or the newest backup", directory),
            };
        }
    }

    private static StorageUnreadableException LogDamaged(AccountId account, string path, string directory, LogState log)
        => new(string.Create(
            CultureInfo.InvariantCulture,
            $"account {account}'s log '{path}{LogSuffix}' is damaged: {log.CommitsBehind} commits lie behind the damage ")
            + "and would be lost.")
        {
            Next = NextStep("a backup", directory),
        };

    private static string NextStep(string what, string directory)
        => $"Check the disk, copy '{directory}', and put {what} there. To go on with what is there, and lose what was acknowledged "
            + $"after it: touch '{directory}/{AcceptName}'.";

    private static void Accept(RegionStorage region, AccountId account, AccountDatabase database, CommitMark? mark)
    {
        if (mark is { } last)
        {
            var found = AccountRows.FindProgress(database.Writer, account);
            region.Marks.Put(
                account, new CommitMark(last.Epoch, found?.Item1 ?? 0, found?.Item2 ?? 0, IsHome: found is not null, HasUnflushed: false));
        }
    }
}
