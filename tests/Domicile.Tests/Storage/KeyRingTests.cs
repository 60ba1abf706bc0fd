using System.Security.Cryptography;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class KeyRingTests : IAsyncLifetime
{
    private TemporaryRegion _region = null!;
    private AccountStore _store = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _region = await TemporaryRegion.CreateAsync();
        _store = await _region.AddAsync();
    }

    public ValueTask DisposeAsync() => _region.DisposeAsync();

    [Fact]
    public async Task What_lies_under_a_former_key_opens_and_what_is_new_goes_under_the_newest()
    {
        var before = await Contents.WriteAsync(_store, Contents.Bytes(300_000));
        var inline = await Contents.WriteAsync(_store, Contents.Bytes(100));
        var secret = _store.Ring!.SealSmall("purpose", "secret"u8);
        var former = OnlyKeyOf(_store);

        await AddKeyAsync();
        await AddKeyAsync();

        Assert.Equal(3, _store.Ring!.Keys.Length);
        Assert.Equal(Contents.Bytes(300_000), await Contents.ReadAsync(_store, before));
        Assert.Equal(Contents.Bytes(300_000)[200_000..200_010], await Contents.ReadAsync(_store, before, 200_000, 10));
        Assert.Equal(Contents.Bytes(100), await Contents.ReadAsync(_store, inline));
        using (var opened = _store.Ring.OpenSmall("purpose", secret))
        {
            Assert.Equal("secret"u8.ToArray(), opened.Span.ToArray());
        }

        var after = await Contents.WriteAsync(_store, Contents.Bytes(300_000));
        Assert.True(IsUnder(_store, before, former));
        Assert.False(IsUnder(_store, after, former));
        Assert.True(IsUnder(_store, after, new KeyRing(_store.Ring.Newest)));
    }

    [Fact]
    public async Task The_ring_outlives_the_process_and_a_closed_database()
    {
        await AddKeyAsync();
        var keys = BytesOf(_store.Ring!);
        Assert.True(_store.TryRest());
        Assert.Equal(keys, BytesOf(_store.Ring!));

        await _region.ReopenAsync();

        Assert.Equal(keys, BytesOf(_region.Storage.Open(TemporaryRegion.Anna).Ring!));
    }

    // Goal: a key that is destroyed is gone from memory, in every object that had it; the one that stays goes on, in all of them.
    // Method: two objects of each key, of which the first were let go of when the store rested.
    [Fact]
    public async Task Destroying_the_former_keys_zeroes_them_and_leaves_the_newest_alone()
    {
        await AddKeyAsync();
        var old = _store.Ring!;
        Assert.True(_store.TryRest());
        var now = _store.Ring!;
        Assert.NotSame(old.Newest, now.Newest);

        await _store.WriteAsync(
            transaction =>
            {
                _store.DestroyFormerKeys(transaction);
                return true;
            },
            Stop);

        Assert.Equal(1, _store.Ring!.Keys.Length);
        Assert.True(old.Keys[1].IsDestroyed && now.Keys[1].IsDestroyed);
        Assert.False(old.Newest.IsDestroyed || now.Newest.IsDestroyed);
        Assert.False(_store.HasFormerKeys);
        Assert.Equal(0, _store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM account WHERE former_keys IS NOT NULL")));
    }

    [Fact]
    public async Task Destroying_the_key_destroys_all_of_them()
    {
        await AddKeyAsync();
        var ring = _store.Ring!;

        await _store.WriteAsync(
            transaction =>
            {
                _store.DestroyKey(transaction);
                return true;
            },
            Stop);

        Assert.Null(_store.Ring);
        Assert.True(_store.HasForgottenKey);
        Assert.True(ring.Keys[0].IsDestroyed && ring.Keys[1].IsDestroyed);
    }

    [Fact]
    public async Task A_write_that_fails_takes_its_key_back()
    {
        var keys = BytesOf(_store.Ring!);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _store.WriteAsync<bool>(
            transaction =>
            {
                _store.AddKey(transaction);
                throw new InvalidOperationException();
            },
            Stop));
        Assert.Equal(keys, BytesOf(_store.Ring!));
    }

    // Goal: a content that somebody put together from frames under two keys is none.
    [Fact]
    public void Frames_of_one_content_lie_under_one_key()
    {
        using var first = AccountKey.Draw();
        using var second = AccountKey.Draw();
        var id = ContentId.Draw();
        var plain = Contents.Bytes(ContentLimits.FrameBytes);
        var (a, b) = (Sealed(first, id, plain), Sealed(second, id, plain));
        using var reader = new FrameCipher(new KeyRing(first, second), id);
        Assert.True(reader.TryOpen(0, isLast: false, b, plain));
        Assert.True(reader.IsUnderFormerKey);
        Assert.False(reader.TryOpen(0, isLast: false, a, plain));
        Assert.True(reader.TryOpen(0, isLast: false, b, plain));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(16 * 32)]
    public void Keys_that_come_are_1_to_15_of_32_bytes(int lengthBytes)
        => Assert.Throws<InvalidDataException>(() => KeyRing.OfMoved(new byte[lengthBytes]));

    [Fact]
    public void Wrapped_keys_are_read_as_they_were_written_and_nothing_else_is()
    {
        byte[] good = [.. new byte[] { 2, 0, 1, 7, 0, 2, 8, 9 }];
        Assert.Equal(good, WrappedKeys.Encode([[7], [8, 9]]));
        Assert.Equal([[7], [8, 9]], WrappedKeys.Decode(good)!);
        Assert.Null(WrappedKeys.Encode([]));
        for (var length = 0; length < good.Length; length++)
        {
            Assert.Null(WrappedKeys.Decode(good.AsSpan(0, length)));
        }

        Assert.Null(WrappedKeys.Decode([.. good, 0]));
        Assert.Null(WrappedKeys.Decode([0]));
        Assert.Null(WrappedKeys.Decode([1, 0, 0]));
        Assert.Null(WrappedKeys.Decode([1, 255, 255, 7]));
        Assert.Null(WrappedKeys.Decode([16, .. Enumerable.Repeat(new byte[] { 0, 1, 7 }, 16).SelectMany(one => one)]));
    }

    [Fact]
    public async Task Damaged_former_keys_are_refused_when_the_account_is_opened()
    {
        await _store.WriteAsync(
            transaction => transaction.Sql.Execute("UPDATE account SET former_keys = @p1", new byte[] { 3, 1, 2 }), Stop);
        await _region.ReopenAsync();
        Assert.Throws<StorageUnreadableException>(() => _region.Storage.Open(TemporaryRegion.Anna).Ring);
    }

    /// <summary>Whether the first frame of a content opens under this key.</summary>
    internal static bool IsUnder(AccountStore store, StoredContent content, KeyRing key)
    {
        var path = Path.Combine(store.Directory, "contents", content.ContentId[..2], content.ContentId);
        var frames = content.IsInline ? content.Inline.ToArray() : File.ReadAllBytes(path)[ContentLimits.HeaderBytes..];
        var length = (int)Math.Min(content.LengthBytes, ContentLimits.FrameBytes);
        using var cipher = new FrameCipher(key, content.ContentId);
        return cipher.TryOpen(
            0, content.LengthBytes <= ContentLimits.FrameBytes, frames.AsSpan(0, length + ContentLimits.TagBytes), new byte[length]);
    }

    /// <summary>A copy of the account's newest key, as somebody would have who kept it.</summary>
    internal static KeyRing OnlyKeyOf(AccountStore store)
    {
        var key = new byte[AccountKey.LengthBytes];
        store.Ring!.Newest.CopyTo(key);
        return new KeyRing(new AccountKey(key));
    }

    private static string BytesOf(KeyRing ring)
    {
        var bytes = new byte[ring.LengthBytes];
        ring.CopyTo(bytes);
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) + bytes.Length;
    }

    private static byte[] Sealed(AccountKey key, string id, byte[] plain)
    {
        var frame = new byte[plain.Length + ContentLimits.TagBytes];
        using var cipher = new FrameCipher(new KeyRing(key), id);
        cipher.Seal(0, isLast: false, plain, frame);
        return frame;
    }

    private Task<bool> AddKeyAsync() => _store.WriteAsync(
        transaction =>
        {
            _store.AddKey(transaction);
            return true;
        },
        Stop);
}
