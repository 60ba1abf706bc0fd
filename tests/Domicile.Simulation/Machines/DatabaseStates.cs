using Domicile.Simulation.Engine;

namespace Domicile.Simulation.Machines;

/// <summary>What a crash may leave of a database: the state after its last flushed commit, or any later one.</summary>
internal sealed class DatabaseStates(string path)
{
    // Sooner or later a system writes by itself what nobody flushes.
    private const int StatesMax = 8;

    // Before each commit that has not been flushed since, oldest first.
    private readonly List<Files> _former = [];

    // The log as it was before a commit that flushes, if it changes anything; else nothing is flushed.
    private byte[]? _logBeforeFlush;

    public bool HasUnflushed => _former.Count > 0 && _logBeforeFlush is null;

    private string LogPath => path + "-wal";

    public void BeforeCommit(bool isFlushed)
    {
        LookAtFlush();
        if (!isFlushed)
        {
            _former.Add(new Files(Read(path), Read(LogPath)));
            _former.RemoveRange(0, Math.Max(0, _former.Count - StatesMax));
        }
        else if (_former.Count > 0)
        {
            _logBeforeFlush = Read(LogPath);
        }
    }

    /// <summary>The state as it is now is on the disk, if the last commit was to be and changed anything.</summary>
    public void LookAtFlush()
    {
        if (_logBeforeFlush is { } before && !Read(LogPath).AsSpan().SequenceEqual(before))
        {
            _former.Clear();
        }

        _logBeforeFlush = null;
    }

    /// <summary>Nothing has the files open any more.</summary>
    /// <returns>How many commits were lost.</returns>
    public int Crash(Dice dice)
    {
        var survivor = dice.Below(_former.Count + 1);
        if (survivor == _former.Count)
        {
            return 0;
        }

        File.Delete(path + "-shm");
        Write(path, _former[survivor].Database);
        Write(LogPath, _former[survivor].Log);
        return _former.Count - survivor;
    }

    private static byte[] Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : [];

    private static void Write(string path, byte[] bytes)
    {
        using var file = File.Create(path);
        file.Write(bytes);
    }

    private sealed record Files(byte[] Database, byte[] Log);
}
