using Domicile.Moves;
using Domicile.Storage;
using Domicile.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Moves;

public sealed class ReencryptionCrashTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Goal: after a crash between any two steps every content is readable, and the next start ends what was begun.
    // Method: from its n-th act on the disk does nothing any more, for every n until it isn't reached; then the region is
    // opened again on what is there.
    [Fact]
    public async Task After_a_crash_between_any_two_steps_it_goes_on()
    {
        for (var act = 1; ; act++)
        {
            if (!await CrashAtAsync(act))
            {
                Assert.True(act > 15, $"There were only {act} acts.");
                return;
            }
        }
    }

    // Goal: a disk that fails for a moment is no end.
    [Fact]
    public async Task A_failure_of_the_disk_is_tried_again()
    {
        await using var move = await MoveByHand.StartAsync();
        using var region = await RegionOf.StartAsync(move, new StoppingDisk());
        var former = KeyRingTests.OnlyKeyOf(region.Store);
        await region.FillAsync();
        await region.DrawKeyAsync();
        region.Disk.StopAt(3, forGood: false);
        await using var reencryption = region.Begin();

        await region.EndedAsync(region.Disk);
        await region.AssertUnderNewestAsync(former);
    }

    /// <returns>False where it had ended before.</returns>
    private static async Task<bool> CrashAtAsync(int act)
    {
        await using var move = await MoveByHand.StartAsync();
        using var region = await RegionOf.StartAsync(move, new StoppingDisk());
        var former = KeyRingTests.OnlyKeyOf(region.Store);
        await region.FillAsync();
        await region.DrawKeyAsync();

        region.Disk.StopAt(act, forGood: true);
        await using (region.Begin())
        {
            await region.EndedAsync(region.Disk);
        }

        var isCrashed = region.Disk.IsStopped;
        region.Reopen(new StoppingDisk());
        await region.AssertReadableAsync();
        await region.Store.SweepAsync(Stop);
        Assert.Equal(region.FileCount, Contents.FilesOf(region.Store).Count);

        await using (region.Begin())
        {
            await region.EndedAsync(region.Disk);
        }

        await region.AssertUnderNewestAsync(former);
        return isCrashed;
    }

    /// <summary>One region with one account and some contents.</summary>
    private sealed class RegionOf : IDisposable
    {
        private readonly MoveByHand _move;
        private readonly DirectoryInfo _directory;
        private readonly LocalCustodian _custodian;
        private readonly List<StoredContent> _contents = [];
        private RegionStorage _storage;

        private RegionOf(MoveByHand move, LocalCustodian custodian, StoppingDisk disk, DirectoryInfo directory)
        {
            _move = move;
            _custodian = custodian;
            _directory = directory;
            Disk = disk;
            _storage = RegionStorage.Open(_directory.FullName, custodian, TimeProvider.System, disk: disk);
        }

        public StoppingDisk Disk { get; private set; }

        public AccountStore Store => _storage.Open(TemporaryRegion.Anna);

        public int FileCount => _contents.Count(content => !content.IsInline);

        public static async Task<RegionOf> StartAsync(MoveByHand move, StoppingDisk disk)
        {
            var directory = Directory.CreateTempSubdirectory("domicile-rekey-");
            var region = new RegionOf(move, await LocalCustodian.OpenAsync(directory.FullName, Stop), disk, directory);
            var store = region.Store;
            await store.WriteAsync(
                transaction =>
                {
                    transaction.PutRow(TemporaryRegion.NewRow(TemporaryRegion.Anna));
                    store.CreateKey(transaction);
                    transaction.SetSeq(1);
                    return true;
                },
                Stop);
            return region;
        }

        public async Task FillAsync()
        {
            foreach (var size in new[] { 0, 500, 40_000, 200_000 })
            {
                var content = await Contents.WriteAsync(Store, Contents.Bytes(size));
                await Contents.PutRowAsync(Store, content);
                _contents.Add(content);
            }
        }

        public Task<bool> DrawKeyAsync() => Store.WriteAsync(
            transaction =>
            {
                RekeyRow.Begin(transaction, Store, new Guid(1, 0, 0, new byte[8]));
                return true;
            },
            Stop);

        public Reencryptor Begin()
        {
            var region = _move.Source.Region with { Storage = _storage };
            var reencryption = new Reencryptor(region, NullLogger<Reencryptor>.Instance);
            reencryption.Begin(TemporaryRegion.Anna);
            return reencryption;
        }

        /// <summary>The disk has stopped, or nothing is left to do.</summary>
        public async Task EndedAsync(StoppingDisk disk)
        {
            for (var ticket = Store.CommitCount; Store.HasFormerKeys && !disk.IsStopped; ticket = Store.CommitCount)
            {
                await Task.WhenAny(Store.ChangedSince(ticket, Stop), disk.Stopped).WaitAsync(Patience, Stop);
            }
        }

        /// <summary>As the death of the process leaves it.</summary>
        public void Reopen(StoppingDisk disk)
        {
            _storage.Abandon();
            Disk = disk;
            _storage = RegionStorage.Open(_directory.FullName, _custodian, TimeProvider.System, disk: disk);
        }

        public async Task AssertReadableAsync()
        {
            foreach (var content in _contents)
            {
                Assert.Equal(
                    Contents.Bytes((int)content.LengthBytes), await Contents.ReadAsync(Store, Now(content)));
            }
        }

        public async Task AssertUnderNewestAsync(KeyRing former)
        {
            Assert.False(Store.HasFormerKeys);
            Assert.DoesNotContain(_contents, content => KeyRingTests.IsUnder(Store, Now(content), former));
            Assert.Equal(FileCount, Contents.FilesOf(Store).Count);
            await AssertReadableAsync();
        }

        public void Dispose()
        {
            _storage.Abandon();
            _custodian.Dispose();
            _directory.Delete(recursive: true);
        }

        private StoredContent Now(StoredContent content)
            => Store.Read(sql => StoredContent.Find(sql, TemporaryRegion.Anna, content.ContentId))!;
    }

    /// <summary>The machine's file system, until it stops: each change of a file and each commit is an act.</summary>
    private sealed class StoppingDisk : IContentDisk
    {
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ContentDisk _disk = ContentDisk.Instance;
        private int _acts = int.MinValue;
        private bool _isForGood;

        public bool IsStopped => Stopped.IsCompleted;

        public Task Stopped => _stopped.Task;

        public void StopAt(int act, bool forGood) => (_acts, _isForGood) = (-act, forGood);

        public void CreateDirectory(string root, string directory) => _disk.CreateDirectory(root, directory);

        public IContentFile Create(string path, long lengthBytes)
        {
            Act();
            return new StoppingFile(this, _disk.Create(path, lengthBytes));
        }

        public IContentFile Open(string path) => _disk.Open(path);

        public Stream OpenStream(string path) => _disk.OpenStream(path);

        public long? FindLengthBytes(string path) => _disk.FindLengthBytes(path);

        public void Rename(string draft, string path)
        {
            Act();
            _disk.Rename(draft, path);
        }

        public bool TryReserve(string path, long lengthBytes) => _disk.TryReserve(path, lengthBytes);

        public void FlushDirectory(string directory) => _disk.FlushDirectory(directory);

        public void Delete(string path)
        {
            Act();
            _disk.Delete(path);
        }

        public void DeleteDirectory(string directory) => _disk.DeleteDirectory(directory);

        public bool HasDirectory(string directory) => _disk.HasDirectory(directory);

        public IEnumerable<string> ListDirectories(string directory) => _disk.ListDirectories(directory);

        public IEnumerable<string> ListFiles(string directory) => _disk.ListFiles(directory);

        public void BeforeCommit(string database, bool isFlushed) => Act();

        private void Act()
        {
            if (_acts == int.MinValue)
            {
                return;
            }

            if (Interlocked.Increment(ref _acts) == 0 || (_acts > 0 && _isForGood))
            {
                if (_isForGood)
                {
                    _stopped.TrySetResult();
                }

                throw new IOException("The disk does nothing any more.");
            }
        }

        private sealed class StoppingFile(StoppingDisk disk, IContentFile file) : IContentFile
        {
            public long LengthBytes => file.LengthBytes;

            public ValueTask<int> ReadAsync(Memory<byte> buffer, long offsetBytes, CancellationToken cancellationToken)
                => file.ReadAsync(buffer, offsetBytes, cancellationToken);

            public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offsetBytes, CancellationToken cancellationToken)
            {
                disk.Act();
                return file.WriteAsync(bytes, offsetBytes, cancellationToken);
            }

            public void Flush()
            {
                disk.Act();
                file.Flush();
            }

            public void Dispose() => file.Dispose();
        }
    }
}
