using System.Text.Json;

namespace Domicile.Deployments;

/// <summary>
/// One process's directory below the deployment's: DIR/control or DIR/REGION, this user's alone, locked while it is open,
/// and stamped with whose it is, so that no process works on another one's data.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    public const int FormatVersion = 1;
    public const string StampFileName = "domicile.json";
    public const string LockFileName = "domicile.lock";

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held) => (Path, _lock) = (path, held);

    public string Path { get; }

    /// <summary>
    /// Creates the directory if it is missing, and sees to it that nobody else gets in. The lock is held until disposal or the
    /// process's end.
    /// </summary>
    public static DataDirectoryResult Open(string dataDirectory, string deployment, ProcessRole role)
    {
        var path = PathOf(dataDirectory, role);
        var tree = new PrivateTree();
        if (tree.Claim(dataDirectory, path) is { } unsafely)
        {
            return new DataDirectoryResult.Refused(unsafely);
        }

        if (TryLock(path, out var reason) is not { } held)
        {
            return new DataDirectoryResult.Refused(reason);
        }

        if ((Stamp(path, deployment, role) ?? FirstStart.TroubleOf(dataDirectory, role)) is { } refusal)
        {
            held.Dispose();
            return new DataDirectoryResult.Refused(refusal);
        }

        return new DataDirectoryResult.Opened(new DataDirectory(path, held), tree.Warnings);
    }

    public static string PathOf(string dataDirectory, ProcessRole role)
        => System.IO.Path.Combine(dataDirectory, role.DirectoryName);

    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(string path, out string reason)
    {
        reason = "";
        try
        {
            // FileShare.None is flock(LOCK_EX) on Unix: it ends with the process, however that ends. The file stays.
            return SmallFile.OpenAlone(
                System.IO.Path.Combine(path, LockFileName), FileMode.OpenOrCreate, SmallFile.Secret);
        }
        catch (UnauthorizedAccessException broken)
        {
            reason = $"can't lock data directory '{path}': {broken.Message} Run as its owner, or choose another "
                + "with --data.";
        }
        catch (IOException broken)
        {
            reason = $"data directory '{path}' is in use by another process ({broken.Message}); "
                + "stop that one first (domicile down), or choose another with --data.";
        }

        return null;
    }

    /// <summary>Null: the directory is ours, and says so. Else why it isn't.</summary>
    private static string? Stamp(string path, string deployment, ProcessRole role)
    {
        var file = System.IO.Path.Combine(path, StampFileName);
        var ours = DirectoryStamp.Of(deployment, role);
        if (!File.Exists(file))
        {
            if (FirstStart.IsOver(path, role))
            {
                return $"data directory '{path}' has been in use, but {StampFileName}, which says whose it is, is missing: it may be half "
                    + "a copy, or another one's. Nothing was changed. Put the whole directory back from a backup. If it is "
                    + $"{ours}: printf '%s' '{ours.Write().TrimEnd()}' > '{file}'";
            }

            SmallFile.Replace(file, ours.Write(), SmallFile.Secret);
            return null;
        }

        var found = DirectoryStamp.Read(File.ReadAllBytes(file));
        return found switch
        {
            null => $"'{file}' is damaged; restore it from a backup of '{path}', or choose another directory with "
                + "--data.",
            { Format: > FormatVersion } => $"data directory '{path}' has format {found.Format}, written by a newer "
                + "version; "
                + $"this version knows {FormatVersion}. Run the newer version.",
            { Format: < FormatVersion } => $"data directory '{path}' has unknown format {found.Format}; choose "
                + "another with --data.",
            _ when found != ours => $"data directory '{path}' belongs to {found}, not to {ours}; "
                + "choose another with --data, or the config that it belongs to.",
            _ => null,
        };
    }
}

/// <summary>Whose a data directory is: <c>domicile.json</c>.</summary>
/// <param name="Role"><c>control</c> or <c>region</c>.</param>
/// <param name="Region">Null for control.</param>
internal sealed record DirectoryStamp(int Format, string Deployment, string Role, string? Region)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static DirectoryStamp Of(string deployment, ProcessRole role)
        => role is ProcessRole.Region region
            ? new DirectoryStamp(DataDirectory.FormatVersion, deployment, "region", region.Name.Value)
            : new DirectoryStamp(DataDirectory.FormatVersion, deployment, "control", null);

    /// <summary>Null: it is no stamp.</summary>
    public static DirectoryStamp? Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<DirectoryStamp>(json, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public string Write() => JsonSerializer.Serialize(this, Json) + "\n";

    public override string ToString()
        => Region is null ? $"{Role} of deployment '{Deployment}'" : $"{Role} '{Region}' of deployment '{Deployment}'";
}

/// <summary>What became of opening a data directory.</summary>
internal abstract record DataDirectoryResult
{
    private DataDirectoryResult()
    {
    }

    /// <param name="Warnings">What was open to others, and is closed now.</param>
    public sealed record Opened(DataDirectory Directory, IReadOnlyList<string> Warnings) : DataDirectoryResult;

    /// <param name="Reason">One line: whose directory it is and what to do next.</param>
    public sealed record Refused(string Reason) : DataDirectoryResult;
}
