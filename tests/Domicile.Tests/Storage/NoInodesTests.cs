using System.Diagnostics;
using System.Globalization;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>A disk with bytes to spare on which no further file can be made: a file system in memory, which takes root to mount.</summary>
public sealed class NoInodesTests : IAsyncLifetime
{
    private const int Files = 200;

    private static readonly NewDatabase[] Two = [.. ((string[])["cccccccccccccccc", "dddddddddddddddd"])
        .Select(AccountId.Parse).Select(account => new NewDatabase(account, (transaction, store) =>
        {
            transaction.PutRow(TemporaryRegion.NewRow(account));
            store.CreateKey(transaction);
            return true;
        }))];

    private readonly string _mount = Directory.CreateTempSubdirectory("domicile-disk-").FullName;
    private bool _isMounted;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
        => _isMounted = await RunAsync(
            "mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size=32m,nr_inodes={Files}"), "tmpfs", _mount);

    public async ValueTask DisposeAsync()
    {
        if (_isMounted)
        {
            await RunAsync("umount", _mount);
        }

        Directory.Delete(_mount);
    }

    [Fact]
    public async Task A_disk_without_room_for_files_is_full_and_says_which_room_it_lacks()
    {
        Assert.SkipUnless(_isMounted, "mounting a small file system takes root");
        await using var region = await TemporaryRegion.CreateAsync(_mount);
        var store = await region.AddAsync();
        await region.ReopenAsync();
        Assert.True(region.Storage.HasRoom);
        var ballast = Directory.CreateDirectory(Path.Combine(_mount, "ballast")).FullName;
        var made = FillWith(ballast);
        Assert.InRange(made, 100, Files);

        Assert.Equal(0, DiskRoom.Of(_mount).FreeFiles);
        Assert.InRange(DiskRoom.Of(_mount).FreeBytes, 16 << 20, 32 << 20);
        Assert.False(region.Storage.HasRoom);

        // SQLite can't make its log for an account that isn't open, and nothing can be made of a new one.
        Assert.Contains("inodes", Assert.Throws<StorageFullException>(() => region.Storage.Find(store.Account)).Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<StorageFullException>(() => region.AddAsync(AccountId.Parse("bbbbbbbbbbbbbbbb")));
        Assert.Contains("inodes", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<StorageFullException>(() => region.Storage.NewDatabases.MakeAsync(Two, Cancelled));
        Assert.Contains("inodes", refused.Message, StringComparison.Ordinal);
        Assert.All(Two, one => Assert.False(region.Storage.HasDatabase(one.Account)));

        Directory.Delete(ballast, recursive: true);
        Assert.True(region.Storage.HasRoom);
        store = region.Storage.Find(store.Account)!;
        Assert.Equal(1, await store.WriteAsync(transaction => transaction.Fence(epoch: 1), Cancelled));
        await region.AddAsync(AccountId.Parse("bbbbbbbbbbbbbbbb"));
        Assert.All(await region.Storage.NewDatabases.MakeAsync(Two, Cancelled), Assert.True);
    }

    private static int FillWith(string directory)
    {
        for (var made = 0; ; made++)
        {
            try
            {
                File.Create(Path.Combine(directory, made.ToString(CultureInfo.InvariantCulture))).Dispose();
            }
            catch (IOException)
            {
                return made;
            }
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode == 0;
    }
}
