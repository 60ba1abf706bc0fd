using System.Buffers;
using System.Text;

namespace Domicile.Server.Hosting.StrictHttp;

/// <summary>
/// Follows the requests of one HTTP/1.1 connection, one after another: request line, headers, body by its length or in
/// chunks, trailers (RFC 9112). It says how many bytes are beyond doubt, whole lines at a time, and where doubt begins.
/// </summary>
/// <param name="requestLineBytesMax">The server behind answers 414 beyond it.</param>
/// <param name="headBytesMax">Of all headers of a request; the server behind answers 431 beyond it.</param>
internal sealed class RequestFraming(int requestLineBytesMax, int headBytesMax)
{
    private const byte LineFeed = (byte)'\n';
    private const int ChunkLineBytesMax = 1024;

    private Part _part;
    private bool _isHttp10;
    private bool _hasEmptyLine;
    private bool _hasHost;
    private bool _isChunked;
    private long? _contentLengthBytes;
    private long _leftBytes;
    private int _trailerBytes;

    // Of a target in absolute form: what Host must say too.
    private byte[]? _authority;

    private enum Part
    {
        RequestLine,
        Header,
        Body,
        ChunkLine,
        ChunkData,
        ChunkEnd,
        Trailer,
        Broken,
        TooLong,
    }

    /// <summary>What was read last, or what came after it, is no HTTP. Nothing is read any more.</summary>
    public bool IsBroken => _part == Part.Broken;

    /// <summary>A line of a head is longer than the server behind permits. Nothing is read any more.</summary>
    public bool IsTooLong => _part == Part.TooLong;

    /// <summary>Whether a whole head has come, and its body not quite, if it has one.</summary>
    public bool IsInBody => _part is Part.Body or Part.ChunkLine or Part.ChunkData or Part.ChunkEnd or Part.Trailer;

    /// <summary>How many whole heads have come.</summary>
    public long Heads { get; private set; }

    /// <summary>Reads on.</summary>
    /// <param name="bytes">What follows the bytes that earlier calls accepted.</param>
    /// <returns>How many bytes are accepted. The rest is an unfinished line, or it is broken.</returns>
    public long Read(in ReadOnlySequence<byte> bytes)
    {
        var rest = bytes;
        while (!rest.IsEmpty && _part is not (Part.Broken or Part.TooLong))
        {
            var taken = _part is Part.Body or Part.ChunkData ? Pass(rest.Length) : TakeLines(rest);
            if (taken == 0)
            {
                break;
            }

            rest = rest.Slice(taken);
        }

        return bytes.Length - rest.Length;
    }

    private long Pass(long availableBytes)
    {
        var passed = Math.Min(availableBytes, _leftBytes);
        _leftBytes -= passed;
        if (_leftBytes == 0)
        {
            Become(_part == Part.Body ? Part.RequestLine : Part.ChunkEnd);
        }

        return passed;
    }

    private long TakeLines(in ReadOnlySequence<byte> rest)
    {
        var taken = TakeLines(rest.FirstSpan);
        if (taken > 0 || _part == Part.Broken)
        {
            return taken;
        }

        var lineBytesMax = _part switch
        {
            Part.RequestLine => requestLineBytesMax,
            Part.ChunkLine => ChunkLineBytesMax,
            Part.ChunkEnd => 1,
            _ => headBytesMax,
        };
        if (!rest.IsSingleSegment && rest.Slice(0, Math.Min(rest.Length, lineBytesMax + 2L)).PositionOf(LineFeed) is { } end)
        {
            return TakeLines(rest.Slice(0, rest.GetPosition(1, end)).ToArray());
        }

        if (rest.Length > lineBytesMax)
        {
            _part = _part is Part.RequestLine or Part.Header ? Part.TooLong : Part.Broken;
        }

        return 0;
    }

    private int TakeLines(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && _part is not (Part.Body or Part.ChunkData))
        {
            var lengthBytes = bytes[at..].IndexOf(LineFeed) + 1;
            if (lengthBytes == 0)
            {
                break;
            }

            if (!TakeLine(bytes.Slice(at, lengthBytes)))
            {
                _part = Part.Broken;
                break;
            }

            at += lengthBytes;
        }

        return at;
    }

    private bool TakeLine(ReadOnlySpan<byte> line)
    {
        // RFC 9112, 2.2: a recipient may take a bare LF for a line's end, and two recipients may differ in it: we don't.
        if (!line.EndsWith("\r\n"u8))
        {
            return false;
        }

        var text = line[..^2];
        switch (_part)
        {
            case Part.RequestLine:
                return text.IsEmpty ? TakeEmptyLine() : TakeRequestLine(text);
            case Part.Header:
                return text.IsEmpty ? EndHead() : TakeHeader(text);
            case Part.ChunkLine:
                return line.Length <= ChunkLineBytesMax && TakeChunkLine(text);
            case Part.ChunkEnd:
                Become(Part.ChunkLine);
                return text.IsEmpty;
            default:
                return TakeTrailer(text);
        }
    }

    // RFC 9112, 2.2: one empty line before a request is ignored.
    private bool TakeEmptyLine()
    {
        var isFirst = !_hasEmptyLine;
        _hasEmptyLine = true;
        return isFirst;
    }

    // RFC 9112, 3: method SP request-target SP HTTP-version.
    private bool TakeRequestLine(ReadOnlySpan<byte> line)
    {
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first == last || !HeadGrammar.IsToken(line[..first]) || !HeadGrammar.IsTarget(line[(first + 1)..last]))
        {
            return false;
        }

        var version = line[(last + 1)..];
        _isHttp10 = version.SequenceEqual("HTTP/1.0"u8);
        _part = Part.Header;
        return (_isHttp10 || version.SequenceEqual("HTTP/1.1"u8)) && TakeTarget(line[..first], line[(first + 1)..last]);
    }

    // RFC 9112, 3.2. Which form a method may have is the server's to say.
    private bool TakeTarget(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        if (target[0] == '/' || target.SequenceEqual("*"u8) || method.SequenceEqual("CONNECT"u8))
        {
            return true;
        }

        if (!HeadGrammar.TryGetAuthority(target, out var authority))
        {
            return false;
        }

        _authority = authority.ToArray();
        return true;
    }

    private bool TakeHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0 || !HeadGrammar.IsToken(line[..colon]) || !HeadGrammar.IsFieldValue(line[(colon + 1)..]))
        {
            return false;
        }

        var name = line[..colon];
        var value = line[(colon + 1)..].Trim(" \t"u8);
        return name.Length switch
        {
            4 when Ascii.EqualsIgnoreCase(name, "Host"u8) => TakeHost(value),
            14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8) => TakeContentLength(value),
            17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8) => TakeTransferEncoding(value),
            _ => true,
        };
    }

    // RFC 9112, 3.2: exactly one; 3.2.2: a proxy would put the target's authority in its place, so they agree.
    private bool TakeHost(ReadOnlySpan<byte> value)
    {
        var isFirst = !_hasHost;
        _hasHost = true;
        return isFirst && HeadGrammar.IsAuthority(value) && (_authority is null || Ascii.EqualsIgnoreCase(_authority, value));
    }

    // RFC 9112, 6.3, fifth: a list, or a second line, is an error that can't be recovered from.
    private bool TakeContentLength(ReadOnlySpan<byte> value)
    {
        var isFirst = _contentLengthBytes is null;
        var isValid = HeadGrammar.TryReadContentLength(value, out var lengthBytes);
        _contentLengthBytes = lengthBytes;
        return isFirst && isValid;
    }

    // RFC 9112, 6.1: chunked is the last coding and is applied once; no other is served here, and none in HTTP/1.0.
    private bool TakeTransferEncoding(ReadOnlySpan<byte> value)
    {
        var isFirst = !_isChunked;
        _isChunked = true;
        return isFirst && !_isHttp10 && Ascii.EqualsIgnoreCase(value, "chunked"u8);
    }

    private bool EndHead()
    {
        // RFC 9112, 6.3, third: both lengths together are how a request is smuggled.
        if ((!_hasHost && !_isHttp10) || (_isChunked && _contentLengthBytes is not null))
        {
            return false;
        }

        Heads++;
        _leftBytes = _contentLengthBytes ?? 0;
        Become(_isChunked ? Part.ChunkLine : _leftBytes > 0 ? Part.Body : Part.RequestLine);
        return true;
    }

    private bool TakeChunkLine(ReadOnlySpan<byte> line)
    {
        if (!HeadGrammar.TryReadChunkLine(line, out _leftBytes))
        {
            return false;
        }

        Become(_leftBytes > 0 ? Part.ChunkData : Part.Trailer);
        return true;
    }

    // RFC 9110, 6.5.1: nothing in a trailer changes the message's framing or routing.
    private bool TakeTrailer(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            Become(Part.RequestLine);
            return true;
        }

        _trailerBytes += line.Length;
        var colon = line.IndexOf((byte)':');
        return _trailerBytes <= headBytesMax && colon >= 0 && HeadGrammar.IsToken(line[..colon])
            && HeadGrammar.IsFieldValue(line[(colon + 1)..])
            && !Ascii.EqualsIgnoreCase(line[..colon], "Host"u8)
            && !Ascii.EqualsIgnoreCase(line[..colon], "Content-Length"u8)
            && !Ascii.EqualsIgnoreCase(line[..colon], "Transfer-Encoding"u8);
    }

    private void Become(Part part)
    {
        _part = part;
        if (part == Part.RequestLine)
        {
            _hasEmptyLine = _hasHost = _isChunked = false;
            _contentLengthBytes = null;
            _trailerBytes = 0;
            _authority = null;
        }
    }
}
