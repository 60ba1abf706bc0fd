using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Domicile.Server.Tests.BadInput;

namespace Domicile.Server.Tests.Relay;

/// <summary>
/// Requests over one HTTP/2 connection, frame by frame (RFC 9113), each sent when the one before it was answered; and what came
/// back: header lines in their order, bodies, resets. So a request that no client would send goes out, and nothing of an answer
/// is put in order.
/// </summary>
internal sealed class Http2Connection(NetworkStream stream)
{
    private const int FrameBytesMax = 16_384;

    // A reset may overtake the last frame, which says why.
    private const string Over = "(the connection is over)\n";
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private const byte Acknowledged = 1;
    private const byte HeaderTableSize = 1;
    private const ushort InitialWindowSize = 4;

    private readonly Queue<(FrameType Type, byte Flags, uint Stream, byte[] Payload)> _early = new();
    private readonly Dictionary<uint, long> _windows = [];
    private long _window = 65_535;
    private long _windowOfStream = 65_535;

    private static CancellationToken Cancelled => Xunit.TestContext.Current.CancellationToken;

    private enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        Reset = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    }

    public static async Task<string> AskAsync(Uri at, IReadOnlyList<RawRequest> requests)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(at.Host, at.Port, Cancelled);
        await using var stream = client.GetStream();
        var answers = new StringBuilder();
        try
        {
            await new Http2Connection(stream).AskAsync(requests, answers);
        }
        catch (IOException)
        {
            answers.Append(Over);
        }

        return answers.ToString();
    }

    private async Task AskAsync(IReadOnlyList<RawRequest> requests, StringBuilder answers)
    {
        // Without a table, every header line of an answer is spelled out.
        await stream.WriteAsync(
            (byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(FrameType.Settings, 0, 0, [0, HeaderTableSize, 0, 0, 0, 0])],
            Cancelled);

        for (var index = 0; index < requests.Count; index++)
        {
            var id = (uint)((2 * index) + 1);
            await SendAsync(requests[index], id);
            if (!await ReadAnswerAsync(id, answers))
            {
                return;
            }
        }
    }

    private async Task SendAsync(RawRequest request, uint id)
    {
        var lines = request.Head().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var (method, target) = lines[0].Split(' ') is [var first, .. var rest] ? (first, string.Join(' ', rest[..^1])) : ("", "");
        var headers = lines[1..].Select(line => line.Split(": ", 2)).Where(line => !IsOf(line, "Connection")).ToList();
        List<(string Name, string Value)> all =
        [
            (":method", method), (":scheme", "http"), (":path", target), (":authority", headers.First(line => IsOf(line, "host"))[1]),
            .. headers.Where(line => !IsOf(line, "host")).Select(line => (line[0].ToLowerInvariant(), line[1])),
        ];
        byte[] block = [.. all.SelectMany(line => (byte[])[0, .. Hpack.Text(line.Name), .. Hpack.Text(line.Value)])];
        var bodies = request.Body.Chunk(FrameBytesMax).ToList();
        _windows[id] = _windowOfStream;
        await stream.WriteAsync(
            Frame(FrameType.Headers, (byte)(EndHeaders | (bodies.Count == 0 ? EndStream : 0)), id, block), Cancelled);
        for (var index = 0; index < bodies.Count; index++)
        {
            while (Math.Min(_window, _windows[id]) < bodies[index].Length)
            {
                if (await ReceiveAsync() is not { } frame)
                {
                    return;
                }

                _early.Enqueue(frame);
                if (frame.Type is FrameType.GoAway or FrameType.Reset || (frame.Flags & EndStream) != 0 && frame.Stream == id)
                {
                    return;
                }
            }

            (_window, _windows[id]) = (_window - bodies[index].Length, _windows[id] - bodies[index].Length);
            await stream.WriteAsync(
                Frame(FrameType.Data, index == bodies.Count - 1 ? EndStream : (byte)0, id, bodies[index]), Cancelled);
        }
    }

    private static bool IsOf(string[] line, string name) => line[0].Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <returns>False: the connection is over.</returns>
    private async Task<bool> ReadAnswerAsync(uint id, StringBuilder answer)
    {
        using var body = new MemoryStream();
        while (await ReadAsync() is var (type, flags, of, payload))
        {
            switch (type)
            {
                case FrameType.Headers when of == id && Hpack.Read(payload) is [(":status", "100")]:
                    break; // The body was not held back: whether it is asked for is a matter of time.
                case FrameType.Headers when of == id:
                    Hpack.Read(payload).ForEach(line => answer.Append(line.Name).Append(": ").Append(line.Value).Append("\r\n"));
                    answer.Append("\r\n");
                    break;
                case FrameType.Data when of == id:
                    body.Write(payload);
                    break;
                case FrameType.Reset when of == id:
                    answer.Append(CultureInfo.InvariantCulture, $"(reset {BinaryPrimitives.ReadUInt32BigEndian(payload)})\n");
                    return true;
                case FrameType.GoAway:
                    answer.Append(Over);
                    return false;
            }

            if (type is FrameType.Headers or FrameType.Data && of == id && (flags & EndStream) != 0)
            {
                answer.Append(Encoding.UTF8.GetString(body.ToArray())).Append('\n');
                return true;
            }
        }

        answer.Append(Over);
        return false;
    }

    private async Task<(FrameType Type, byte Flags, uint Stream, byte[] Payload)?> ReadAsync()
        => _early.TryDequeue(out var frame) ? frame : await ReceiveAsync();

    /// <returns>Null at the connection's end. Settings and pings are answered.</returns>
    private async Task<(FrameType Type, byte Flags, uint Stream, byte[] Payload)?> ReceiveAsync()
    {
        var head = new byte[9];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, Cancelled) < head.Length)
        {
            return null;
        }

        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        await stream.ReadExactlyAsync(payload, Cancelled);
        var (type, flags, of) = ((FrameType)head[3], head[4], BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(5)) & int.MaxValue);
        switch (type)
        {
            case FrameType.Settings when (flags & Acknowledged) == 0:
                Take(payload);
                await stream.WriteAsync(Frame(type, Acknowledged, 0, []), Cancelled);
                break;
            case FrameType.Ping when (flags & Acknowledged) == 0:
                await stream.WriteAsync(Frame(type, Acknowledged, 0, payload), Cancelled);
                break;
            case FrameType.WindowUpdate when of == 0:
                _window += BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
            case FrameType.WindowUpdate:
                _windows[of] += BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
        }

        return (type, flags, of, payload);
    }

    // Section 6.9.2: a new size counts for the streams that are open too.
    private void Take(byte[] settings)
    {
        foreach (var setting in settings.Chunk(6).Where(one => BinaryPrimitives.ReadUInt16BigEndian(one) == InitialWindowSize))
        {
            var size = BinaryPrimitives.ReadUInt32BigEndian(setting.AsSpan(2));
            foreach (var id in _windows.Keys.ToList())
            {
                _windows[id] += size - _windowOfStream;
            }

            _windowOfStream = size;
        }
    }

    private static byte[] Frame(FrameType type, byte flags, uint stream, byte[] payload)
    {
        var head = new byte[9];
        (head[0], head[1], head[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (head[3], head[4]) = ((byte)type, flags);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), stream);
        return [.. head, .. payload];
    }
}
