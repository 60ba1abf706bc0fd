using Domicile.Objects;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class ContentFilesTests : IAsyncLifetime
{
    private const int Large = 300_000;

    private TemporaryRegion _region = null!;
    private AccountStore _store = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _region = await TemporaryRegion.CreateAsync();
        _store = await _region.AddAsync();
    }

    public ValueTask DisposeAsync() => _region.DisposeAsync();

    [Fact]
    public async Task What_is_not_adopted_leaves_no_file()
    {
        await using (var abandoned = new ContentWriter(_store.Contents))
        {
            await abandoned.WriteAsync(Contents.Bytes(Large), Cancelled);
            Assert.Single(Contents.FilesOf(_store));
        }

        await using (var complete = new ContentWriter(_store.Contents))
        {
            await complete.WriteAsync(Contents.Bytes(Large), Cancelled);
            await complete.CompleteAsync(Cancelled);
            Assert.Single(Contents.FilesOf(_store));
        }

        Assert.Empty(Contents.FilesOf(_store));
    }

    [Fact]
    public async Task A_complete_content_is_readable_before_its_writer_is_disposed()
    {
        await using var writer = new ContentWriter(_store.Contents);
        await writer.WriteAsync(Contents.Bytes(Large), Cancelled);
        var staged = await writer.CompleteAsync(Cancelled);

        Assert.Equal(Contents.Bytes(Large), await Contents.ReadAsync(_store, new StoredContent(staged.ContentId, Large, null)));
    }

    [Fact]
    public async Task A_dropped_contents_file_goes_after_those_who_may_read_it_are_done()
    {
        var content = await Contents.WriteAsync(_store, Contents.Bytes(Large));
        await Contents.PutRowAsync(_store, content);
        var hold = _store.HoldOpen();

        await Contents.DropRowAsync(_store, content);
        using (_store.HoldOpen())
        {
            await Contents.PutRowAsync(_store, await Contents.WriteAsync(_store, Contents.Bytes(1)));
        }

        Assert.Equal(Contents.Bytes(Large), await Contents.ReadAsync(_store, _store.Contents.Describe(content.ContentId)!));
        hold.Dispose();
        await NoDiscardsAsync();
        Assert.Empty(Contents.FilesOf(_store));
    }

    [Fact]
    public async Task A_sweep_deletes_what_no_row_names_and_nothing_else()
    {
        var kept = await Contents.WriteAsync(_store, Contents.Bytes(Large));
        await Contents.PutRowAsync(_store, kept);
        await Contents.WriteAsync(_store, Contents.Bytes(Large));
        await using var draft = new ContentWriter(_store.Contents);
        await draft.WriteAsync(Contents.Bytes(Large), Cancelled);
        await using var staged = new ContentWriter(_store.Contents);
        await staged.WriteAsync(Contents.Bytes(Large), Cancelled);
        await staged.CompleteAsync(Cancelled);
        Assert.Equal(4, Contents.FilesOf(_store).Count);

        await _store.SweepAsync(Cancelled);

        Assert.Equal(3, Contents.FilesOf(_store).Count);
        Assert.Equal(Contents.Bytes(Large), await Contents.ReadAsync(_store, kept));
        await draft.CompleteAsync(Cancelled);

        // As after a crash: another process knows nothing of what was staged.
        await _region.ReopenAsync();
        _store = _region.Storage.Find(_store.Account)!;
        await _store.SweepAsync(Cancelled);
        Assert.EndsWith(kept.ContentId, Assert.Single(Contents.FilesOf(_store)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_content_dropped_before_a_crash_is_deleted_by_the_sweep()
    {
        var content = await Contents.WriteAsync(_store, Contents.Bytes(Large));
        await Contents.PutRowAsync(_store, content);
        using (_store.HoldOpen())
        {
            await Contents.DropRowAsync(_store, content);
            await _region.ReopenAsync();
        }

        _store = _region.Storage.Find(_store.Account)!;
        Assert.Single(Contents.FilesOf(_store));
        await _store.SweepAsync(Cancelled);
        Assert.Empty(Contents.FilesOf(_store));
    }

    // By way of the page cache and past it; of a part of what is received at once, of all of it, and of a byte more.
    [Theory]
    [InlineData(Large)]
    [InlineData(15 * ContentLimits.FrameBytes)]
    [InlineData(15 * ContentLimits.FrameBytes + 1)]
    [InlineData((int)StorageLimits.DirectBytesMin)]
    [InlineData(90 * ContentLimits.FrameBytes + 1)]
    [InlineData(9_999_999)]
    public async Task A_content_travels_as_it_lies_and_is_checked_where_it_arrives(int length)
    {
        await using var target = await TemporaryRegion.CreateAsync();
        var copy = await CopyOfAsync(target);
        var content = await Contents.WriteAsync(_store, Contents.Bytes(length));
        var (sealedBytes, sealedLength) = _store.Contents.OpenSealed(content.ContentId);
        await using var source = sealedBytes;
        Assert.Equal(ContentLimits.SealedLength(length), sealedLength);

        await copy.Contents.ReceiveSealedAsync(content.ContentId, length, source, Cancelled);

        Assert.Equal(Contents.Bytes(length), await Contents.ReadAsync(copy, content));
        Assert.Equal(
            await File.ReadAllBytesAsync(Contents.FilesOf(_store)[0], Cancelled),
            await File.ReadAllBytesAsync(Contents.FilesOf(copy)[0], Cancelled));
        Assert.True(copy.Contents.HasSealed(content.ContentId, length));

        // Again: skipped to the same place of the stream.
        using var again = new MemoryStream([.. await File.ReadAllBytesAsync(Contents.FilesOf(_store)[0], Cancelled), 1, 2, 3]);
        await copy.Contents.ReceiveSealedAsync(content.ContentId, length, again, Cancelled);
        Assert.Equal(sealedLength, again.Position);
        Assert.Single(Contents.FilesOf(copy));
    }

    // Its last block may be nearly empty, or full.
    [Theory]
    [InlineData(5_000_000)]
    [InlineData((4 << 20) + 1)]
    [InlineData(8 << 20)]
    public async Task A_file_that_bypasses_the_page_cache_is_the_same_byte_by_byte(int length)
    {
        var path = Path.Combine(_store.Directory, "long");
        var bytes = Contents.Bytes(length);
        using (var file = ContentDisk.Instance.Create(path, StorageLimits.DirectBytesMin))
        {
            for (int at = 0, piece = 8; at < length; piece = 262_208)
            {
                piece = Math.Min(piece, length - at);
                await file.WriteAsync(bytes.AsMemory(at, piece), at, Cancelled);
                at += piece;
            }

            Assert.Equal(length, file.LengthBytes);
            file.Flush();
        }

        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Cancelled));
    }

    // In two chunks, and in so many that some are still being written.
    [Theory]
    [InlineData(Large)]
    [InlineData(5_000_000)]
    public async Task A_content_that_arrives_damaged_or_cut_short_is_not_kept(int length)
    {
        await using var target = await TemporaryRegion.CreateAsync();
        var copy = await CopyOfAsync(target);
        var content = await Contents.WriteAsync(_store, Contents.Bytes(length));
        var bytes = await File.ReadAllBytesAsync(Contents.FilesOf(_store)[0], Cancelled);

        using var cut = new MemoryStream(bytes[..^1]);
        await Assert.ThrowsAsync<EndOfStreamException>(
            () => copy.Contents.ReceiveSealedAsync(content.ContentId, length, cut, Cancelled));
        using var shorter = new MemoryStream(bytes);
        await Assert.ThrowsAsync<ContentCorruptException>(
            () => copy.Contents.ReceiveSealedAsync(content.ContentId, 4 * ContentLimits.FrameBytes, shorter, Cancelled));
        bytes[^1] ^= 1;
        using var damaged = new MemoryStream(bytes);
        await Assert.ThrowsAsync<ContentCorruptException>(
            () => copy.Contents.ReceiveSealedAsync(content.ContentId, length, damaged, Cancelled));
        Assert.Empty(Contents.FilesOf(copy));
    }

    [Theory]
    [InlineData("../../../../../etc/cron.d/x", 1)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaa/", 1)]
    [InlineData("", 1)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", -1)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", long.MaxValue)]
    public async Task A_peer_that_names_no_content_is_refused(string id, long length)
    {
        await Assert.ThrowsAsync<ContentCorruptException>(
            () => _store.Contents.ReceiveSealedAsync(id, length, Stream.Null, Cancelled));
        Assert.Empty(Contents.FilesOf(_store));
    }

    [Theory]
    [InlineData("../../x", 10, 26)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", -1, 15)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", 70_000, 70_032)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", long.MaxValue, 16)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", 10, 0)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaa", 10, 26)]
    public async Task A_peers_inline_content_that_is_none_is_refused(string id, long length, int inlineLength)
        => await Assert.ThrowsAsync<ContentCorruptException>(
            () => _store.Contents.VerifyAsync(new StoredContent(id, length, new byte[inlineLength]), Cancelled));

    private async Task<AccountStore> CopyOfAsync(TemporaryRegion target)
    {
        var copy = await target.AddAsync();
        var key = new byte[AccountKey.LengthBytes];
        _store.Ring!.CopyTo(key);
        await copy.WriteAsync(
            transaction =>
            {
                copy.ImportKeys(transaction, key);
                return true;
            },
            Cancelled);
        return copy;
    }

    private async Task NoDiscardsAsync()
    {
        while (true)
        {
            var seen = _store.CommitCount;
            if (_store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM discard")) == 0)
            {
                return;
            }

            await _store.ChangedSince(seen, Cancelled);
        }
    }
}
