using Domicile.Accounts;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class SecretBoxTests
{
    [Fact]
    public void A_box_opens_for_whom_and_for_what_it_was_sealed_and_for_nothing_else()
    {
        using var recipient = new SecretBox();
        using var other = new SecretBox();
        var box = SecretBox.Seal(recipient.PublicKey, "a key's id"u8, "its secret"u8);

        using var opened = recipient.Open("a key's id"u8, box);
        Assert.Equal("its secret", opened.ToText());
        Assert.Equal(-1, box.AsSpan().IndexOf("its secret"u8));
        Assert.Throws<InvalidDataException>(() => other.Open("a key's id"u8, box));
        Assert.Throws<InvalidDataException>(() => recipient.Open("another id"u8, box));
        for (var at = 0; at < box.Length; at++)
        {
            var changed = box.ToArray();
            changed[at] ^= 1;
            Assert.Throws<InvalidDataException>(() => recipient.Open("a key's id"u8, changed));
        }

        Assert.Throws<InvalidDataException>(() => recipient.Open("a key's id"u8, box.AsSpan(..SecretBox.PublicKeyBytes)));
        Assert.Throws<InvalidDataException>(() => SecretBox.Seal([], "p"u8, "s"u8));
        Assert.Throws<InvalidDataException>(() => SecretBox.Seal(new byte[SecretBox.PublicKeyBytes], "p"u8, "s"u8));
    }

    [Fact]
    public void Boxes_sealed_together_open_together_each_for_its_own_purpose_and_none_where_one_is_wrong()
    {
        using var recipient = new SecretBox();
        using var sender = new SecretBox();
        (byte[] Purpose, SecretBytes Secret)[] secrets =
            [("one"u8.ToArray(), SecretBytes.OfText("first")), ("two"u8.ToArray(), SecretBytes.OfText("second"))];
        var boxes = SecretBox.SealAll(recipient.PublicKey, secrets);

        Assert.Equal(
            ["first", "second"],
            recipient.OpenAll([("one"u8.ToArray(), boxes[0]), ("two"u8.ToArray(), boxes[1])]).Select(secret => secret.ToText()));
        using var alone = recipient.Open("two"u8, boxes[1]);
        Assert.Equal("second", alone.ToText());
        Assert.Throws<InvalidDataException>(
            () => recipient.OpenAll([("one"u8.ToArray(), boxes[1]), ("two"u8.ToArray(), boxes[0])]));

        // A box of another sender's is none of those that came together.
        var strange = SecretBox.Seal(recipient.PublicKey, "two"u8, "second"u8);
        Assert.Throws<InvalidDataException>(
            () => recipient.OpenAll([("one"u8.ToArray(), boxes[0]), ("two"u8.ToArray(), strange)]));
        Assert.Throws<InvalidDataException>(() => recipient.OpenAll([]));
        Assert.Throws<InvalidDataException>(
            () => recipient.OpenAll([("one"u8.ToArray(), boxes[0]), ("two"u8.ToArray(), [])]));
    }

    [Fact]
    public void A_secret_that_has_ended_is_zeroed_and_tells_nothing()
    {
        var secret = SecretBytes.OfText("a secret");
        Assert.Equal("(secret)", secret.ToString());
        Assert.True(secret.Equals(SecretBytes.OfText("a secret")));
        Assert.False(secret.Equals(SecretBytes.OfText("a Secret")));
        var block = System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref secret.Writable[0], secret.LengthBytes);

        secret.Dispose();

        Assert.Equal(new byte[8], block.ToArray());
        Assert.Throws<ObjectDisposedException>(() => secret.ToText());
    }
}
