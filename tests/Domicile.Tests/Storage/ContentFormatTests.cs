using System.Security.Cryptography;
using Domicile.Storage;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class ContentFormatTests : IAsyncLifetime
{
    private const int Frame = ContentLimits.FrameBytes;

    private TemporaryRegion _region = null!;
    private AccountStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _region = await TemporaryRegion.CreateAsync();
        _store = await _region.AddAsync();
    }

    public ValueTask DisposeAsync() => _region.DisposeAsync();

    /// <summary>
    /// Expected values come from Python's cryptography package: HKDF(SHA256, 32, salt=None, info=b"domicile content v1" + id)
    /// of bytes 0 to 31, AESGCM of each frame with nonce = index (8 bytes, big endian), 1 if last, 0, 0, 0; the file header
    /// before them where the content is longer than 32 KiB; SHA-256 of all.
    /// </summary>
    [Theory]
    [InlineData(0, "279b7ae00f80a9f13b8eae20dc5a076c75f98d879d1876d09de9120dbed7bd3b")]
    [InlineData(5, "d158a4bcf75bde19740c6ba3d468aac01aa5e56331195b9f6c977068d4f1e3dc")]
    [InlineData(32768, "62b0e231639c685fb318244cd9cff978b7541d9aed14b04399d0ab998f49a2f4")]
    [InlineData(32769, "5601c87950283ee3dde4af80bc0fa6ecde7954753ee887311bf9d55332eb5452")]
    [InlineData(65536, "13f08b46bdb4dc4bce04241fccf14ec503d968c282f6332b7c6d39b6afbec54b")]
    [InlineData(65537, "cf3aa0df2eeeaf87940c5e558dbafd63a418a8098e13383240d3c0598c862e58")]
    [InlineData(200000, "54348ff67e7b3db5e742a4106cc0e9fb507e743d58a71912219011ee85184600")]
    public async Task Stored_bytes_are_those_of_the_documented_format(int length, string sha256)
    {
        await _store.WriteAsync(
            transaction =>
            {
                _store.ImportKeys(transaction, Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());
                return true;
            },
            TestContext.Current.CancellationToken);
        var plain = Enumerable.Range(0, length).Select(i => (byte)(i * 7 + 3)).ToArray();

        var content = await Contents.WriteAsync(_store, plain, chunk: 1000, id: "abcdefghijklmnopqrstuvwxyz");

        var stored = content.IsInline ? content.Inline.ToArray() : await File.ReadAllBytesAsync(
            Assert.Single(Contents.FilesOf(_store)), TestContext.Current.CancellationToken);
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(stored)));
    }

    [Fact]
    public void Any_length_written_in_any_chunks_reads_back_in_any_range()
    {
        var borders = new[] { 0, ContentLimits.InlineBytesMax, Frame, 2 * Frame, 4 * Frame, 5 * Frame, 8 * Frame };
        var lengths = from border in Gen.Elements(borders)
                      from around in Gen.Choose(-2, 2)
                      select Math.Max(0, border + around);
        var cases = from length in lengths
                    from chunk in Gen.Elements(1021, Frame - 1, Frame, Frame + 1, 3 * Frame)
                    from offset in Gen.OneOf(Gen.Choose(0, length), Gen.Constant(Math.Min(length, Frame)))
                    from count in Gen.OneOf(Gen.Choose(0, length - offset), Gen.Constant(length - offset))
                    select (length, chunk, offset, count);

        Prop.ForAll(cases.ToArbitrary(), testCase => ReadsBackAsync(testCase).GetAwaiter().GetResult())
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_plain_length_follows_from_the_files_length_and_only_from_a_possible_one()
    {
        var lengths = Gen.OneOf(
            Gen.Choose(0, 5 * Frame),
            from frames in Gen.Choose(0, 1 << 20)
            from around in Gen.Choose(-17, 17)
            select Math.Max(0, frames * 1000 + around)).Select(length => (long)length);

        Prop.ForAll(lengths.ToArbitrary(), length =>
                ContentLimits.PlainLength(ContentLimits.SealedLength(length)) == length
                && (ContentLimits.PlainLength(length) is not { } plain || ContentLimits.SealedLength(plain) == length))
            .QuickCheckThrowOnFailure();
        Assert.Null(ContentLimits.PlainLength(ContentLimits.SealedLength(Frame) + 1));
        Assert.Null(ContentLimits.PlainLength(ContentLimits.SealedLength(Frame) + ContentLimits.TagBytes));
        Assert.Null(ContentLimits.PlainLength(ContentLimits.HeaderBytes + 15));
        Assert.Null(ContentLimits.PlainLength(long.MaxValue));
    }

    [Fact]
    public async Task Each_flipped_bit_anywhere_is_seen()
    {
        var content = await Contents.WriteAsync(_store, Contents.Bytes(2 * Frame + 100));
        var path = Assert.Single(Contents.FilesOf(_store));
        var length = new FileInfo(path).Length;
        long[] places = [0, 7, 8, 9, 8 + Frame, 8 + Frame + 15, 8 + Frame + 16, length - 17, length - 1];

        foreach (var place in places)
        {
            Flip(path, place);
            await Assert.ThrowsAsync<ContentCorruptException>(
                () => _store.Contents.VerifyAsync(content, TestContext.Current.CancellationToken));
            await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, content));
            Flip(path, place);
        }

        await _store.Contents.VerifyAsync(content, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_flipped_bit_of_an_inline_content_is_seen()
    {
        var content = await Contents.WriteAsync(_store, Contents.Bytes(100));
        var frames = content.Inline.ToArray();
        content = content with { Inline = frames };

        for (var place = 0; place < frames.Length; place++)
        {
            frames[place] ^= 0x10;
            await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, content));
            frames[place] ^= 0x10;
        }

        Assert.Equal(Contents.Bytes(100), await Contents.ReadAsync(_store, content));
        await Assert.ThrowsAsync<ContentCorruptException>(
            () => Contents.ReadAsync(_store, content with { Inline = frames.AsMemory(..^1) }));
    }

    [Theory]
    [InlineData(2 * Frame, Frame)]
    [InlineData(2 * Frame + 5, 2 * Frame)]
    [InlineData(2 * Frame + 5, 2 * Frame + 4)]
    public async Task A_file_cut_at_a_frame_is_not_a_shorter_content(int length, int cutTo)
    {
        var content = await Contents.WriteAsync(_store, Contents.Bytes(length));
        using (var file = new FileStream(Assert.Single(Contents.FilesOf(_store)), FileMode.Open))
        {
            file.SetLength(ContentLimits.SealedLength(cutTo));
        }

        await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, content));
        await Assert.ThrowsAsync<ContentCorruptException>(
            () => Contents.ReadAsync(_store, content with { LengthBytes = cutTo }));
    }

    [Fact]
    public async Task Frames_do_not_open_in_another_place_or_in_another_content()
    {
        var first = await Contents.WriteAsync(_store, Contents.Bytes(3 * Frame));
        var firstPath = Assert.Single(Contents.FilesOf(_store));
        var second = await Contents.WriteAsync(_store, Contents.Bytes(3 * Frame));
        var secondPath = Contents.FilesOf(_store).Single(path => path != firstPath);
        var bytes = await File.ReadAllBytesAsync(firstPath, TestContext.Current.CancellationToken);

        await WriteAsync(secondPath, bytes);
        await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, second));

        var one = bytes.AsSpan(8, ContentLimits.SealedFrameBytes).ToArray();
        var two = bytes.AsSpan(8 + ContentLimits.SealedFrameBytes, ContentLimits.SealedFrameBytes).ToArray();
        await WriteAsync(firstPath, [.. bytes[..8], .. two, .. one, .. bytes[(8 + 2 * ContentLimits.SealedFrameBytes)..]]);
        await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, first, 0, 1));
        await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, first, Frame, 1));
        Assert.Equal([Contents.Bytes(3 * Frame)[2 * Frame]], await Contents.ReadAsync(_store, first, 2 * Frame, 1));
    }

    [Fact]
    public async Task A_missing_file_is_corruption_and_not_a_crash()
    {
        var content = new StoredContent(ContentId.Draw(), 100_000, Inline: null);

        await Assert.ThrowsAsync<ContentCorruptException>(() => Contents.ReadAsync(_store, content));
        Assert.Throws<ContentCorruptException>(() => _store.Contents.OpenSealed(content.ContentId));
        Assert.Null(_store.Contents.Describe(content.ContentId));
    }

    private static async Task WriteAsync(string path, byte[] bytes)
    {
        await using var file = new FileStream(path, FileMode.Create);
        await file.WriteAsync(bytes);
    }

    private static void Flip(string path, long place)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        Span<byte> one = stackalloc byte[1];
        Assert.Equal(1, RandomAccess.Read(file, one, place));
        one[0] ^= 1;
        RandomAccess.Write(file, one, place);
    }

    private async Task<bool> ReadsBackAsync((int Length, int Chunk, int Offset, int Count) testCase)
    {
        var plain = Contents.Bytes(testCase.Length);
        var content = await Contents.WriteAsync(_store, plain, testCase.Chunk);
        var isInlineRight = content.IsInline == testCase.Length <= ContentLimits.InlineBytesMax;
        var read = await Contents.ReadAsync(_store, content, testCase.Offset, testCase.Count);
        _store.Contents.Delete(content.ContentId);
        return isInlineRight && read.AsSpan().SequenceEqual(plain.AsSpan(testCase.Offset, testCase.Count));
    }
}
