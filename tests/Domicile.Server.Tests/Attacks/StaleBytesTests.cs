using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Relay;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>
/// HTTP/2 lets a target hold bytes that HTTP/1.1 can't. A relay that wrote such a target as HTTP once sent what stood in its
/// buffer instead: another client's signed request, whose answer the stranger got. Goal: such a target is refused where it
/// enters, whatever came before it over the same link. Method: frames by hand (RFC 9113), since no client sends these.
/// </summary>
public class StaleBytesTests(SharedDeployment shared) : S3Tests(shared)
{
    private const string Marker = "taxes-4f1c77";
    private const byte HeadersFrame = 1;
    private const byte GoAwayFrame = 7;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    [Fact]
    public async Task A_target_beyond_ascii_brings_nothing_of_the_request_before_it()
    {
        await PutAsync(Marker, "content");
        var stranger = await Deployment.Control.AddAccountAsync("SG");
        foreach (var length in new[] { 400, 640, 760, 1000, 1500 })
        {
            var listed = await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled);
            Assert.Equal([Marker], listed.S3Objects.Select(each => each.Key));

            var (frames, status) = await AskAsync(Endpoint, stranger, $"/{Bucket}?" + new string('\u00e9', length));

            Assert.DoesNotContain(Marker, Encoding.Latin1.GetString(frames), StringComparison.Ordinal);
            Assert.DoesNotContain("ListBucketResult", Encoding.Latin1.GetString(frames), StringComparison.Ordinal);
            Assert.True(status is null or 400, string.Create(CultureInfo.InvariantCulture, $"{length}: {status}"));
        }
    }

    /// <returns>All that came, and the status; null where the connection or the stream was refused instead.</returns>
    private static async Task<(byte[] Frames, int? Status)> AskAsync(Uri at, NewAccountView stranger, string path)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(at.Host, at.Port, Cancelled);
        await using var stream = client.GetStream();
        var claim = $"AWS4-HMAC-SHA256 Credential={stranger.AccessKey}/20300101/x/s3/aws4_request,SignedHeaders=host,"
            + $"Signature={new string('0', 64)}";
        byte[] block =
        [
            .. Literal(":method", "GET"), .. Literal(":scheme", "http"), .. Literal(":path", path),
            .. Literal(":authority", at.Authority), .. Literal("authorization", claim), .. Literal("x-amz-date", "20300101T000000Z"),
        ];
        await stream.WriteAsync(
            (byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, 0, []), .. Frame(HeadersFrame, EndStream | EndHeaders, 1, block)],
            Cancelled);

        using var all = new MemoryStream();
        int? status = null;
        while (await ReadAsync(stream) is var (type, flags, id, payload))
        {
            all.Write(payload);
            status ??= type == HeadersFrame && id == 1 ? StatusOf(payload) : null;
            if (type is 3 or GoAwayFrame || (id == 1 && (flags & EndStream) != 0))
            {
                break;
            }
        }

        return (all.ToArray(), status);
    }

    private static async Task<(byte Type, byte Flags, uint Stream, byte[] Payload)?> ReadAsync(NetworkStream stream)
    {
        var head = new byte[9];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, Cancelled) < head.Length)
        {
            return null;
        }

        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        await stream.ReadExactlyAsync(payload, Cancelled);
        return (head[3], head[4], BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload);
    }

    // RFC 7541, appendix A: the statuses that have an index; any other is spelled out.
    private static int? StatusOf(byte[] block)
        => block.SkipWhile(first => (first & 0xe0) == 0x20).FirstOrDefault() switch
        {
            0x88 => 200,
            0x89 => 204,
            0x8a => 206,
            0x8b => 304,
            0x8c => 400,
            0x8d => 404,
            0x8e => 500,
            _ => 0,
        };

    // RFC 7541, section 6.2.2: without indexing, nothing compressed.
    private static byte[] Literal(string name, string value) => [0, .. Hpack.Text(name), .. Hpack.Text(value)];

    private static byte[] Frame(byte type, byte flags, uint stream, byte[] payload)
    {
        var head = new byte[9];
        (head[0], head[1], head[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (head[3], head[4]) = (type, flags);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), stream);
        return [.. head, .. payload];
    }
}
