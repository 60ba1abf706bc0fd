using System.Diagnostics;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>A disk of 6 MiB that fills up: a file system in memory, which takes root to mount.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly string _mount = Directory.CreateTempSubdirectory("domicile-disk-").FullName;
    private bool _isMounted;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
        => _isMounted = await RunAsync("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", _mount);

    public async ValueTask DisposeAsync()
    {
        if (_isMounted)
        {
            await RunAsync("umount", _mount);
        }

        Directory.Delete(_mount);
    }

    [Fact]
    public async Task A_full_disk_refuses_rows_and_keeps_every_row_it_acknowledged()
    {
        Assert.SkipUnless(_isMounted, "mounting a small file system takes root");
        await using var region = await TemporaryRegion.CreateAsync(_mount);
        var store = await region.AddAsync();
        var ballast = Path.Combine(_mount, "ballast");
        using (var file = new FileStream(ballast, FileMode.CreateNew))
        {
            await file.WriteAsync(new byte[1_000_000], Cancelled);
        }

        var kept = 0L;

        await Assert.ThrowsAsync<StorageFullException>(async () =>
        {
            while (true)
            {
                Assert.Equal(kept + 1, await PutAsync(store, 100_000));
                kept++;
            }
        });

        Assert.Equal(kept, store.Row!.Seq);
        Assert.Equal(kept, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM bucket")));
        await Assert.ThrowsAsync<StorageFullException>(() => PutAsync(store, 1_000_000));
        await region.ReopenAsync();
        store = region.Storage.Find(store.Account)!;
        Assert.Equal(kept, store.Row!.Seq);
        Assert.Equal(kept, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM bucket")));
        Assert.Equal("ok", store.Read(sql => sql.Scalar<string>("PRAGMA integrity_check")));

        // With room again, it goes on where it stood.
        File.Delete(ballast);
        Assert.Equal(kept + 1, await PutAsync(store, 100));
    }

    [Fact]
    public async Task A_full_disk_refuses_a_content_and_leaves_nothing_of_it()
    {
        Assert.SkipUnless(_isMounted, "mounting a small file system takes root");
        await using var region = await TemporaryRegion.CreateAsync(_mount);
        var store = await region.AddAsync();
        var small = await Contents.WriteAsync(store, Contents.Bytes(100_000));

        await Assert.ThrowsAsync<StorageFullException>(() => Contents.WriteAsync(store, Contents.Bytes(8_000_000)));

        Assert.Single(Contents.FilesOf(store));
        Assert.Equal(Contents.Bytes(100_000), await Contents.ReadAsync(store, small));
        Assert.Equal(1, await PutAsync(store, 100));
    }

    [Fact]
    public async Task However_fast_the_disk_fills_room_for_deletions_is_left()
    {
        Assert.SkipUnless(_isMounted, "mounting a small file system takes root");
        await using var region = await TemporaryRegion.CreateAsync(_mount);
        const int bytes = 50_000;
        for (var file = 0; region.Storage.HasRoom; file++)
        {
            await using var ballast = new FileStream(Path.Combine(_mount, $"{file}"), FileMode.CreateNew);
            await ballast.WriteAsync(new byte[bytes], Cancelled);
        }

        var disk = new DriveInfo(_mount);
        Assert.InRange(disk.AvailableFreeSpace, (disk.TotalSize / 20) - (2 * bytes), disk.TotalSize / 20);
    }

    // Goal: the last steps of a move, either way, are written though somebody else has filled the disk since.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_set_aside_for_the_way_back_is_there_when_the_disk_is_full(bool isSetAside)
    {
        Assert.SkipUnless(_isMounted, "mounting a small file system takes root");
        await using var region = await TemporaryRegion.CreateAsync(_mount);
        var store = await region.AddAsync();
        Assert.Equal(1, await PutAsync(store, 100));
        Assert.True(!isSetAside || store.TryReserveWayBack());
        await FillAsync();

        for (var write = 0; write < 10; write++)
        {
            var put = PutAsync(store, 2_000);
            if (isSetAside)
            {
                Assert.Equal(write + 2, await put);
            }
            else
            {
                await Assert.ThrowsAsync<StorageFullException>(() => put);
            }
        }

        Assert.False(store.TryReserveWayBack());
    }

    // To the last byte.
    private async Task FillAsync()
    {
        await using var ballast = new FileStream(Path.Combine(_mount, "filler"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        for (var bytes = 1 << 20; bytes > 0;)
        {
            try
            {
                await ballast.WriteAsync(new byte[bytes], Cancelled);
            }
            catch (IOException)
            {
                bytes /= 2;
            }
        }
    }

    private static Task<long> PutAsync(AccountStore store, int bytes) => store.WriteAsync(
        transaction =>
        {
            var seq = transaction.Fence(epoch: 1)!.Value;
            transaction.Sql.Execute(
                "INSERT INTO bucket VALUES (@p1, @p2, @p3, 0, 0, @p4)",
                store.Account.Value, $"{seq}", seq, new string('x', bytes));
            return seq;
        },
        Cancelled);

    private static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode == 0;
    }
}
