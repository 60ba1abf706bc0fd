using System.Buffers.Binary;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>A source may send anything. What it says of lengths is checked before memory is taken for it.</summary>
public sealed class HostileStreamTests
{
    [Theory]
    [InlineData(1, ChangeStream.SmallPayloadBytesMax + 1)]
    [InlineData(2, ChangeStream.SmallPayloadBytesMax + 1)]
    [InlineData(3, ChangeStream.PayloadBytesMax + 1)]
    [InlineData(4, ChangeStream.SmallPayloadBytesMax + 1)]
    [InlineData(5, int.MaxValue)]
    [InlineData(3, -1)]
    public async Task A_frame_that_is_longer_than_its_kind_is_not_read(byte type, int lengthBytes)
    {
        var frame = new byte[5];
        frame[0] = type;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), lengthBytes);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(frame).AsTask());
        Assert.Contains($"A frame of {lengthBytes} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_says_more_of_a_row_than_it_has_is_refused()
    {
        // After, seq, unsent and complete up to; then a change of a row of 2^40 bytes.
        var payload = new byte[4 * 8 + 2 + 2 * 8];
        payload[32] = 1;
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(42), 1L << 40);
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync([3, 0, 0, 0, (byte)payload.Length, .. payload]).AsTask());
    }

    [Fact]
    public async Task A_streams_last_words_are_one_line()
    {
        var end = Assert.IsType<StreamFrame.End>(await ReadAsync([5, 0, 0, 0, 6, .. "\u001b[2J\r\n"u8]));
        Assert.Equal(" [2J  ", end.Reason);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("It is full.", "It is full.")]
    [InlineData("a\u202eb\u2066c\u2028d\u0085e\tf", "a b c d e f")]
    public void Words_of_others_lose_what_steers_a_terminal(string? said, string kept)
        => Assert.Equal(kept, PeerText.Clean(said));

    [Fact]
    public void Words_of_others_are_cut()
        => Assert.Equal(new string('A', 1023) + "…", PeerText.Clean(new string('A', 20_000_000)));

    private static ValueTask<StreamFrame> ReadAsync(byte[] bytes)
        => ChangeStream.ReadAsync(new MemoryStream(bytes).ReadExactlyAsync, TestContext.Current.CancellationToken);
}
