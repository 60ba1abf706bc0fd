using System.Net.Sockets;
using System.Text;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Relay;

/// <summary>A body that its client holds back, for it waits to be asked, or for an answer.</summary>
public class HeldBodyTests(SharedDeployment shared) : BadInputTests(shared)
{
    // RFC 9110, section 10.1.1. Small and large bodies take different ways over the link.
    [Theory]
    [InlineData("7", true)]
    [InlineData("7", false)]
    [InlineData("2000", true)]
    [InlineData("2000", false)]
    [InlineData("200000", true)]
    [InlineData("200000", false)]
    public async Task A_refusal_comes_before_the_body_and_without_asking_for_it(string length, bool expects)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Endpoint.Host, Endpoint.Port, Cancelled);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Held("/nowhere/a", length, expects).ToBytes(), Cancelled);

        var answer = await ReadUntilAsync(stream, "</Error>");

        Assert.StartsWith("HTTP/1.1 404 ", answer, StringComparison.Ordinal);
        Transcript.Current!.Add(Encoding.UTF8.GetBytes(answer));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(200_000)]
    public async Task A_body_is_asked_for_and_stored(int length)
    {
        var body = new string('b', length);
        using var client = new TcpClient();
        await client.ConnectAsync(Endpoint.Host, Endpoint.Port, Cancelled);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Held($"/{Bucket}/a", length.ToString(System.Globalization.CultureInfo.InvariantCulture), true).ToBytes(), Cancelled);

        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await ReadUntilAsync(stream, "\r\n\r\n"));
        await stream.WriteAsync(Encoding.UTF8.GetBytes(body), Cancelled);

        Assert.StartsWith("HTTP/1.1 200 ", await ReadUntilAsync(stream, "\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal(body, await GetTextAsync("a"));
    }

    // It comes when the relay has already asked the home without it.
    [Fact]
    public async Task A_body_that_comes_in_pieces_is_stored_whole()
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(Endpoint.Host, Endpoint.Port, Cancelled);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Held($"/{Bucket}/a", "9", false).ToBytes(), Cancelled);
        foreach (var piece in (string[])["abc", "def", "ghi"])
        {
            // Whatever the home says to another request meanwhile takes longer than a relay waits for the rest of this one.
            for (var left = 20; left > 0; left--)
            {
                await S3.GetBucketLocationAsync(Bucket, Cancelled);
            }

            await stream.WriteAsync(Encoding.UTF8.GetBytes(piece), Cancelled);
        }

        Assert.StartsWith("HTTP/1.1 200 ", await ReadUntilAsync(stream, "\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal("abcdefghi", await GetTextAsync("a"));
    }

    private RawRequest Held(string target, string length, bool expects)
        => Request("PUT", target) with
        {
            ContentLength = length,
            PayloadHash = "UNSIGNED-PAYLOAD",
            Unsigned = expects ? [("Expect", "100-continue")] : [],
        };

    private static async Task<string> ReadUntilAsync(NetworkStream stream, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
            if (count == 0)
            {
                break;
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}

[Through(Route.OneRelay)]
public sealed class HeldBodyTestsThroughOne(SharedDeployment shared) : HeldBodyTests(shared);

[Through(Route.TwoRelays)]
public sealed class HeldBodyTestsThroughTwo(SharedDeployment shared) : HeldBodyTests(shared);
