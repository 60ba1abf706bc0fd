namespace Domicile.Deployments;

/// <summary>
/// One process's directory below the deployment's: DIR/control or DIR/REGION, 0700, locked while it is open, and
/// stamped with whose it is, so that no process works on another one's data.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    public const int FormatVersion = 1;
    public const string StampFileName = "domicile.json";
    public const string LockFileName = "domicile.lock";

    private DataDirectory(string path) => Path = path;

    public string Path { get; }

    /// <summary>Creates the directory if it is missing. The lock is held until disposal or the process's end.</summary>
    public static DataDirectoryResult Open(string dataDirectory, string deployment, ProcessRole role)
        => throw new NotImplementedException();

    public static string PathOf(string dataDirectory, ProcessRole role)
        => System.IO.Path.Combine(dataDirectory, role.DirectoryName);

    public void Dispose() => throw new NotImplementedException();
}

/// <summary>What became of opening a data directory.</summary>
internal abstract record DataDirectoryResult
{
    private DataDirectoryResult()
    {
    }

    public sealed record Opened(DataDirectory Directory) : DataDirectoryResult;

    /// <param name="Reason">One line: whose directory it is and what to do next.</param>
    public sealed record Refused(string Reason) : DataDirectoryResult;
}
