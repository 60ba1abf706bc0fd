using Domicile.Accounts;
using Domicile.Simulation.Engine;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>
/// What befalls the database of an account that is at home on a machine, and its log, when the process dies: they vanish or rot.
/// Put back they are as the death left them.
/// </summary>
internal sealed class Rot
{
    private const int HeaderBytes = 32;
    private const int FrameBytes = 24 + 4096;

    private readonly byte[] _database;
    private readonly byte[] _log;
    private byte[] _databaseLeft = [];
    private byte[] _logLeft = [];

    private Rot(AccountStore store)
    {
        (Account, Directory) = (store.Account, store.Directory);
        (_database, _log) = (Read(DatabasePath), Read(LogPath));
    }

    public AccountId Account { get; }

    public string Directory { get; }

    private string DatabasePath => Path.Combine(Directory, AccountStore.DatabaseName);

    private string LogPath => DatabasePath + DatabaseOpening.LogSuffix;

    /// <summary>While the process lives.</summary>
    /// <returns>Null where no account is at home there.</returns>
    public static Rot? Choose(RegionMachine machine, IEnumerable<AccountProfile> accounts, Dice dice)
    {
        var storage = machine.Up.Region.Storage;
        List<AccountStore> home = [.. accounts.Select(account => storage.Find(account.Id)).OfType<AccountStore>()
            .Where(store => store.Row is { State: AccountState.Active })];
        return home.Count == 0 ? null : new Rot(dice.Pick(home));
    }

    /// <summary>Nothing has the files open any more.</summary>
    /// <returns>What has befallen them, for the trace.</returns>
    public string Befall(Dice dice)
    {
        var frames = Math.Max(0, (_log.Length - HeaderBytes) / FrameBytes);
        var (what, database, log) = dice.Below(5) switch
        {
            0 => ("vanish", Array.Empty<byte>(), Array.Empty<byte>()),
            1 when frames > 0 => ("lose their log", _database, []),
            2 when frames > 0 => ("lose their log's tail", _database, _log[..^(FrameBytes * (1 + dice.Below(frames)))]),
            3 when frames > 0 => ("have a flipped bit", _database, Flipped(HeaderBytes + dice.Below(frames * FrameBytes))),
            _ => ("are overwritten", new byte[_database.Length], []),
        };
        (_databaseLeft, _logLeft) = (database, log);
        Write(database, log);
        return what;
    }

    /// <summary>Unless the account was begun anew meanwhile. Nothing has the files open.</summary>
    public void PutBack()
    {
        if (Read(DatabasePath).AsSpan().SequenceEqual(_databaseLeft) && Read(LogPath).AsSpan().SequenceEqual(_logLeft))
        {
            Write(_database, _log);
        }
    }

    private byte[] Flipped(int at)
    {
        byte[] log = [.. _log];
        log[at] ^= 4;
        return log;
    }

    private void Write(byte[] database, byte[] log)
    {
        File.Delete(DatabasePath + "-shm");
        Write(DatabasePath, database);
        Write(LogPath, log);
    }

    private static void Write(string path, byte[] bytes)
    {
        File.Delete(path);
        if (bytes.Length > 0)
        {
            using var file = File.Create(path);
            file.Write(bytes);
        }
    }

    private static byte[] Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : [];
}
