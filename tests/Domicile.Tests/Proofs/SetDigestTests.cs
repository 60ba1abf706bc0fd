using System.Globalization;
using System.Text;
using Domicile.Proofs;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Domicile.Tests.Proofs;

/// <summary>
/// Expected values come from Python's hashlib: shake_256(element).digest(2048), lanes summed with int.from_bytes(…,
/// 'little') modulo 65536, sha256 of the lanes put back.
/// </summary>
public sealed class SetDigestTests
{
    [Theory]
    [InlineData("", "e5a00aa9991ac8a5ee3109844d84a55583bd20572ad3ffcd42792f3c36b183ad")]
    [InlineData("+a +b +c", "ee6de56f7c0b35d8eb0dcefdc5236b0c848aec94f298dadc9bbde26079f16064")]
    [InlineData("+c +a +b", "ee6de56f7c0b35d8eb0dcefdc5236b0c848aec94f298dadc9bbde26079f16064")]
    [InlineData("+a +a", "acf084295e3b37b077066b1dfbb1f3e12a44c31fb3138a264abafb108b1409d4")]
    [InlineData("-a", "0872e814fad2f976ec96abd2731930ea5001dfb99fbace380ffcfe061ddd2aa0")]
    [InlineData("+", "befc4f6fd7d8b1b36f26c3915f3a72bcc9677dd550703a72af35e75ee1c88e95")]
    public void It_is_LtHash_over_SHAKE_256(string changes, string sha256)
    {
        var digest = SetDigest.Empty;
        foreach (var change in changes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Apply(digest, change[0], change[1..]);
        }

        Assert.Equal(sha256, digest.Fingerprint());
    }

    [Fact]
    public void Lanes_wrap_as_in_the_reference_over_a_thousand_elements()
    {
        var digest = SetDigest.Empty;
        for (var i = 0; i < 1000; i++)
        {
            digest.Add(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"row {i}")));
        }

        for (var i = 0; i < 1000; i += 3)
        {
            digest.Remove(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"row {i}")));
        }

        Assert.Equal("a795d92fa01fe270608d195367ca236397f75d7554caae38cd481e0c5b03437e", digest.Fingerprint());
    }

    [Fact]
    public void What_is_put_in_and_taken_out_leaves_no_trace_in_any_order()
        => Prop.ForAll<byte[][], byte[][]>((kept, passing) =>
        {
            var expected = SetDigest.Empty;
            Array.ForEach(kept, element => expected.Add(element));

            var actual = SetDigest.Empty;
            Array.ForEach(passing, element => actual.Add(element));
            Array.ForEach([.. kept.Reverse()], element => actual.Add(element));
            Array.ForEach([.. passing.Reverse()], element => actual.Remove(element));
            return actual.Matches(expected.ToBytes());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Sets_combine_to_the_digest_of_all_their_elements()
        => Prop.ForAll<byte[][], byte[][]>((left, right) =>
        {
            var expected = SetDigest.Empty;
            Array.ForEach([.. left, .. right], element => expected.Add(element));

            SetDigest a = SetDigest.Empty, b = SetDigest.Empty;
            Array.ForEach(left, element => a.Add(element));
            Array.ForEach(right, element => b.Add(element));
            a.Combine(b);
            return a.Matches(expected.ToBytes());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_survives_being_stored()
    {
        var digest = SetDigest.Empty;
        digest.Add("stored"u8);

        var restored = SetDigest.FromBytes(digest.ToBytes());
        restored.Remove("stored"u8);

        Assert.Equal(new byte[SetDigest.LengthBytes], restored.ToBytes());
    }

    [Fact]
    public void It_matches_neither_another_set_nor_a_part_of_its_own_bytes()
    {
        var digest = SetDigest.Empty;
        digest.Add("one"u8);
        var bytes = digest.ToBytes();

        Assert.False(digest.Matches(bytes.AsSpan(0, 2047)));
        Assert.False(digest.Matches([]));
        for (var i = 0; i < bytes.Length; i += 97)
        {
            bytes[i] ^= 0x80;
            Assert.False(digest.Matches(bytes));
            bytes[i] ^= 0x80;
        }

        Assert.True(digest.Matches(bytes));
    }

    [Fact]
    public void Bytes_of_another_length_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SetDigest.FromBytes(new byte[2047]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SetDigest.FromBytes(new byte[2049]));
    }

    private static void Apply(SetDigest digest, char sign, string element)
    {
        if (sign == '+')
        {
            digest.Add(Encoding.UTF8.GetBytes(element));
        }
        else
        {
            digest.Remove(Encoding.UTF8.GetBytes(element));
        }
    }
}
