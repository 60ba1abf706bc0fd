using Domicile.Server.Tests.Deployment;
using Domicile.Storage;

namespace Domicile.Server.Tests.Faults;

/// <summary>
/// What befalls an account's files in a region that is down: they vanish or rot. Put back they are as they were, where nobody has
/// begun the account anew meanwhile.
/// </summary>
internal sealed class FileDamage
{
    private const int FirstFrames = 32 + (8 * (24 + 4096));

    private readonly string _directory;
    private readonly Dictionary<string, byte[]> _before;
    private readonly Dictionary<string, byte[]> _after;

    private FileDamage(AccountRowOnDisk row, string account, string directory, int kind)
    {
        (Row, Account, _directory) = (row, account, directory);
        _before = Read();
        Damage(kind);
        _after = Read();
    }

    public string Account { get; }

    /// <summary>As it was before.</summary>
    public AccountRowOnDisk Row { get; }

    /// <param name="kind">Counted on for each account: what is done to it.</param>
    /// <returns>Null where the account has nothing there.</returns>
    public static FileDamage? Do(LiveDeployment deployment, string region, string account, int kind)
        => AccountRowOnDisk.Read(deployment, account).FirstOrDefault(row => row.Region == region) is not { } row ? null
            : new FileDamage(row, account, Path.Combine(deployment.DirectoryOf(region), "accounts", account[..2], account), kind);

    /// <summary>The region is down again.</summary>
    public void PutBack()
    {
        // A tombstone that is lost is not missed by the region's marks: whoever has it puts it back.
        var now = Row.State == AccountRowOnDisk.Departed ? _after : Read();
        if (now.Count != _after.Count || now.Any(file => !_after.TryGetValue(file.Key, out var left) || !left.SequenceEqual(file.Value)))
        {
            return;
        }

        foreach (var (path, bytes) in _before)
        {
            Write(path, bytes);
        }
    }

    private string Database => Path.Combine(_directory, AccountStore.DatabaseName);

    private string Log => Database + DatabaseOpening.LogSuffix;

    private void Damage(int kind)
    {
        var hasLog = _before.TryGetValue(Log, out var log) && log.Length > FirstFrames;
        switch (kind % 4)
        {
            case 1 when hasLog:
                File.Delete(Log);
                break;
            case 2 when hasLog:
                log = [.. log!];
                log[32 + 24 + 4096 + 24 + 100] ^= 4; // in the second frame's page
                Write(Log, log);
                break;
            case 3:
                Write(Database, new byte[30_000]);
                File.Delete(Log);
                break;
            default:
                File.Delete(Database);
                File.Delete(Log);
                break;
        }
    }

    private static void Write(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.Create);
        file.Write(bytes);
    }

    // What SQLite shares between connections is made anew, and an empty log by whoever looks.
    private Dictionary<string, byte[]> Read()
        => new[] { Database, Log }.Where(path => new FileInfo(path) is { Exists: true, Length: > 0 }).ToDictionary(path => path, File.ReadAllBytes);
}
