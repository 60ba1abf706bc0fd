using Domicile.Simulation.Engine;
using Domicile.Simulation.Seeding;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>
/// A machine's disk for contents. A crash loses what was not flushed: of a file's bytes any part may stay, of names that came
/// or went each may have or not, and of a database's last commits any may be gone, with all after it.
/// </summary>
internal sealed class VirtualDisk(Seeds seeds) : IContentDisk
{
    private readonly Dictionary<string, Inode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Inode> _durableNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DatabaseStates> _databases = new(StringComparer.Ordinal);
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);

    // Logs in which room was set aside.
    private readonly HashSet<string> _reserved = new(StringComparer.Ordinal);

    /// <summary>Another program has taken all that is free.</summary>
    public bool IsFull { get; set; }

    public int LostFiles { get; private set; }

    public int LostCommits { get; private set; }

    /// <summary>A crash may undo some.</summary>
    public bool HasUnflushedCommits => _databases.Values.Any(one => one.HasUnflushed);

    /// <summary>The power fails.</summary>
    /// <param name="stop">The process's end, which closes what it has open.</param>
    /// <returns>Directories of databases that have lost commits.</returns>
    public IReadOnlyList<string> Crash(Dice dice, Action stop)
    {
        foreach (var states in _databases.Values)
        {
            states.LookAtFlush();
        }

        stop();
        TearFiles(dice);
        var lost = new List<string>();
        foreach (var (path, states) in _databases.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            if (states.Crash(dice) is > 0 and var commits)
            {
                LostCommits += commits;
                lost.Add(Path.GetDirectoryName(path)!);
            }
        }

        _databases.Clear();
        return lost;
    }

    private void TearFiles(Dice dice)
    {
        foreach (var path in _names.Keys.Union(_durableNames.Keys).ToList())
        {
            var (now, durable) = (_names.GetValueOrDefault(path), _durableNames.GetValueOrDefault(path));
            var survivor = now == durable || dice.Hits(0.5) ? now : durable;
            LostFiles += survivor == now ? 0 : 1;
            if (survivor is null)
            {
                _names.Remove(path);
                _durableNames.Remove(path);
                continue;
            }

            survivor.Tear(dice);
            _names[path] = survivor;
            _durableNames[path] = survivor;
            _directories.Add(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Every file below a directory, whatever a crash would leave of it.</summary>
    public IEnumerable<string> AllFilesUnder(string directory)
        => _names.Keys.Union(_durableNames.Keys).Where(path => path.StartsWith(directory + "/", StringComparison.Ordinal));

    /// <summary>Whether a crash now would leave the file whole under its name.</summary>
    public bool IsDurable(string path)
        => _names.GetValueOrDefault(path) is { } inode && _durableNames.GetValueOrDefault(path) == inode && inode.IsFlushed;

    public void CreateDirectory(string root, string directory)
    {
        for (var one = directory; one.Length > root.Length; one = Path.GetDirectoryName(one)!)
        {
            _directories.Add(one);
        }
    }

    public IContentFile Create(string path, long lengthBytes)
    {
        if (!_directories.Contains(Path.GetDirectoryName(path)!))
        {
            throw new DirectoryNotFoundException(path);
        }

        ThrowIfFull(path);
        return new Handle(_names[path] = new Inode(), seeds.ForgetsFlushes, () => ThrowIfFull(path));
    }

    public IContentFile Open(string path) => new Handle(Find(path), seeds.ForgetsFlushes, () => ThrowIfFull(path));

    public Stream OpenStream(string path) => new MemoryStream(Find(path).Bytes.ToArray(), writable: false);

    public long? FindLengthBytes(string path) => _names.GetValueOrDefault(path)?.Bytes.Length;

    public void Rename(string draft, string path)
    {
        _names[path] = Find(draft);
        _names.Remove(draft);
        if (!seeds.ForgetsNames)
        {
            FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    public void FlushDirectory(string directory)
    {
        foreach (var (path, inode) in _names.Where(one => Path.GetDirectoryName(one.Key) == directory))
        {
            _durableNames[path] = inode;
        }

        foreach (var path in _durableNames.Keys
            .Where(path => path.StartsWith(directory + "/", StringComparison.Ordinal) && !_names.ContainsKey(path))
            .Where(path => Path.GetDirectoryName(path) is var own && (own == directory || !_directories.Contains(own!))).ToList())
        {
            _durableNames.Remove(path);
        }
    }

    public void Delete(string path) => _names.Remove(path);

    public void DeleteDirectory(string directory)
    {
        foreach (var path in _names.Keys.Where(path => path.StartsWith(directory + "/", StringComparison.Ordinal)).ToList())
        {
            _names.Remove(path);
        }

        _directories.RemoveWhere(one => one == directory || one.StartsWith(directory + "/", StringComparison.Ordinal));
    }

    public bool HasDirectory(string directory) => _directories.Contains(directory);

    public IEnumerable<string> ListDirectories(string directory)
        => [.. _directories.Where(one => Path.GetDirectoryName(one) == directory).Order(StringComparer.Ordinal)];

    public IEnumerable<string> ListFiles(string directory)
        => [.. _names.Keys.Where(path => Path.GetDirectoryName(path) == directory)];

    public bool TryReserve(string path, long lengthBytes)
        => seeds.IsMissing(SeededBug.WayBackNotReserved) || _reserved.Contains(path) || (!IsFull && _reserved.Add(path));

    public void BeforeCommit(string database, bool isFlushed)
    {
        if (!_reserved.Contains(database + DatabaseOpening.LogSuffix))
        {
            ThrowIfFull(database);
        }

        if (!_databases.TryGetValue(database, out var states))
        {
            _databases[database] = states = new DatabaseStates(database);
        }

        states.BeforeCommit(isFlushed && !seeds.ForgetsCommits);
    }

    private void ThrowIfFull(string path)
    {
        if (IsFull)
        {
            throw new StorageFullException($"Writing '{path}': the disk is full.");
        }
    }

    private Inode Find(string path) => _names.GetValueOrDefault(path) ?? throw new FileNotFoundException(path);

    private sealed class Inode
    {
        private byte[] _durable = [];
        private byte[] _bytes = [];

        public bool IsFlushed { get; private set; } = true;

        public ReadOnlyMemory<byte> Bytes => _bytes;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (_bytes.Length < offset + bytes.Length)
            {
                Array.Resize(ref _bytes, (int)offset + bytes.Length);
            }

            bytes.CopyTo(_bytes.AsSpan((int)offset));
            IsFlushed = false;
        }

        public void Flush()
        {
            _durable = IsFlushed ? _durable : [.. _bytes];
            IsFlushed = true;
        }

        public void Tear(Dice dice)
        {
            if (!IsFlushed)
            {
                var kept = dice.Below(_bytes.Length + 1);
                _bytes = _durable.Length > kept ? _durable : _bytes[..kept];
                _durable = _bytes;
                IsFlushed = true;
            }
        }
    }

    private sealed class Handle(Inode inode, bool forgetsFlushes, Action throwIfFull) : IContentFile
    {
        public long LengthBytes => inode.Bytes.Length;

        public async ValueTask<int> ReadAsync(Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            var left = inode.Bytes[(int)Math.Min(offsetBytes, inode.Bytes.Length)..];
            var taken = left[..Math.Min(left.Length, buffer.Length)];
            taken.CopyTo(buffer);
            return taken.Length;
        }

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offsetBytes, CancellationToken cancellationToken)
        {
            throwIfFull();
            inode.Write(bytes.Span, offsetBytes);
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
        }

        public void Flush()
        {
            if (!forgetsFlushes)
            {
                inode.Flush();
            }
        }

        public void Dispose()
        {
        }
    }
}
