using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Domicile.Server.Tests.Relay;

namespace Domicile.Server.Tests.BadInput;

/// <summary>What came back over a socket.</summary>
/// <param name="Status">0: the connection ended without an answer.</param>
/// <param name="Code">S3's error code; empty where there is none.</param>
internal sealed record RawAnswer(int Status, string Code, string Text);

/// <summary>Bytes over a socket, and the answer's bytes, with nothing between.</summary>
internal static class RawConnection
{
    private static CancellationToken Cancelled => Xunit.TestContext.Current.CancellationToken;

    /// <summary>Sends all and reads until the other side closes.</summary>
    /// <param name="closeAfter">Whether our side closes when all is sent; a server may then drop the request.</param>
    public static async Task<RawAnswer> AskAsync(Uri endpoint, byte[] request, bool closeAfter = false)
    {
        var answer = WithoutContinue(await ExchangeAsync(endpoint, request, closeAfter));
        if (!closeAfter)
        {
            Transcript.Current?.Add(answer);
        }

        return Read(Encoding.UTF8.GetString(answer));
    }

    /// <summary>
    /// A server may leave out "100 Continue" where the body has come unasked (RFC 9110, section 10.1.1): when all is sent at once,
    /// that is a matter of time.
    /// </summary>
    public static byte[] WithoutContinue(ReadOnlySpan<byte> answer)
    {
        while (answer.StartsWith("HTTP/1.1 1"u8) && answer.IndexOf("\r\n\r\n"u8) is >= 0 and var end)
        {
            answer = answer[(end + 4)..];
        }

        return answer.ToArray();
    }

    /// <inheritdoc cref="AskAsync"/>
    /// <returns>All that came back, "100 Continue" too.</returns>
    public static async Task<byte[]> ExchangeAsync(Uri endpoint, byte[] request, bool closeAfter = false)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint.Host, endpoint.Port, Cancelled);
        var stream = client.GetStream();
        var sending = SendAsync(client, stream, request, closeAfter);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, Cancelled);
        }
        catch (IOException)
        {
            // A reset: what came before it counts.
        }

        await sending;
        return answer.ToArray();
    }

    private static async Task SendAsync(TcpClient client, NetworkStream stream, byte[] request, bool closeAfter)
    {
        try
        {
            await stream.WriteAsync(request, Cancelled);
            if (closeAfter)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception refused) when (refused is IOException or SocketException)
        {
            // It answered and hung up before it had read all of it, as it may.
        }
    }

    private static RawAnswer Read(string text)
    {
        var status = text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
            ? int.Parse(text.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        var start = text.IndexOf("<Code>", StringComparison.Ordinal);
        var code = start < 0 ? "" : text[(start + 6)..text.IndexOf("</Code>", start, StringComparison.Ordinal)];
        return new RawAnswer(status, code, text);
    }
}
