using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Bodies;

/// <summary>
/// An aws-chunked body: <c>size-in-hex[;chunk-signature=…] CRLF data CRLF</c>, repeated, a chunk of size 0, then trailers
/// and, where they are signed, <c>x-amz-trailer-signature:…</c>. Amazon S3 API Reference, "Signature calculations for
/// transferring payload in multiple chunks" and "… including trailing headers". A chunk's signature is known to hold
/// only after its data were handed out: whoever reads must not commit before the end.
/// </summary>
internal sealed class ChunkedBody(PipeReader source, ProvenSignature signature, long? decodedLengthBytes) : RequestBody(source)
{
    private const int HeaderBytesMax = 256;
    private const int TrailerBytesMax = 4096;
    private const int TrailersMax = 16;
    private const string ChunkSignature = "chunk-signature=";
    private const string TrailerSignature = "x-amz-trailer-signature";

    private readonly bool _isSigned = signature.Payload.Kind != PayloadKind.UnsignedChunksWithTrailer;
    private readonly bool _hasTrailers = signature.Payload.Kind != PayloadKind.SignedChunks;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    // What a body of signed chunks must keep, so that it can be sent once more.
    private readonly SignedChunks? _chunks = signature.Payload.Kind == PayloadKind.UnsignedChunksWithTrailer ? null : new SignedChunks();

    private State _state = State.Header;
    private string _previousSignature = signature.Signature;
    private string _claimedSignature = "";
    private string _trailers = "";
    private long _left;
    private long _received;
    private long _chunkBytes;

    private enum State
    {
        Header,
        Data,
        DataEnd,
        Trailers,
        Ended,
    }

    public override ChunkFraming Framing => new(_chunks, _trailers);

    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        while (_state != State.Ended && Failure is null && await FillAsync(cancellationToken) is { } read)
        {
            if (_state == State.Data)
            {
                var bytes = TakeData(read);
                if (!bytes.IsEmpty)
                {
                    return bytes;
                }
            }
            else if (_state == State.Trailers)
            {
                TakeTrailers(read);
            }
            else
            {
                TakeLine(read);
            }
        }

        return default;
    }

    public override void Dispose()
    {
        base.Dispose();
        _hash.Dispose();
    }

    private ReadOnlyMemory<byte> TakeData(ReadResult read)
    {
        if (read.Buffer.IsEmpty && read.IsCompleted)
        {
            Refuse(read, S3Error.Of("IncompleteBody"));
            return default;
        }

        var bytes = Take(read.Buffer, _left);
        _left -= bytes.Length;
        _received += bytes.Length;
        if (_isSigned)
        {
            _hash.AppendData(bytes.Span);
        }

        _state = _left == 0 ? State.DataEnd : State.Data;
        return bytes;
    }

    private void TakeLine(ReadResult read)
    {
        var end = read.Buffer.PositionOf((byte)'\n');
        var length = end is { } found ? read.Buffer.Slice(0, found).Length : read.Buffer.Length;
        if (length > HeaderBytesMax || (end is null && read.IsCompleted))
        {
            Refuse(read, S3Error.Of("IncompleteBody"));
            return;
        }

        if (end is not { } newline)
        {
            WaitForMore(read.Buffer);
            return;
        }

        var line = Encoding.Latin1.GetString(read.Buffer.Slice(0, newline));
        Skip(read.Buffer.GetPosition(1, newline));
        Failure = !line.EndsWith('\r') ? S3Error.Of("IncompleteBody")
            : _state == State.Header ? StartChunk(line[..^1])
            : EndChunk(line[..^1]);
    }

    private S3Error? StartChunk(string line)
    {
        var semicolon = line.IndexOf(';', StringComparison.Ordinal);
        var size = semicolon < 0 ? line : line[..semicolon];
        // Twelve digits: no sum of sizes can overflow.
        if (size.Length is 0 or > 12
            || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
        {
            return S3Error.Of("IncompleteBody");
        }

        if (decodedLengthBytes is { } announced && _received + _left > announced)
        {
            return S3Error.Of("IncompleteBody");
        }

        var extension = semicolon < 0 ? "" : line[(semicolon + 1)..];
        if (_isSigned && !extension.StartsWith(ChunkSignature, StringComparison.Ordinal))
        {
            return S3Error.Of("SignatureDoesNotMatch");
        }

        _claimedSignature = _isSigned ? extension[ChunkSignature.Length..] : "";
        _chunkBytes = _left;
        _state = _left > 0 ? State.Data : State.Trailers;
        return _left > 0 ? null : CheckSignature();
    }

    private S3Error? EndChunk(string line)
    {
        _state = State.Header;
        return line.Length == 0 ? CheckSignature() : S3Error.Of("IncompleteBody");
    }

    private S3Error? CheckSignature()
    {
        if (!_isSigned)
        {
            return null;
        }

        var expected = signature.Key.SignChunk(_previousSignature, _hash.GetHashAndReset());
        _previousSignature = expected;
        _chunks!.Add(_chunkBytes, expected);
        return SigningKey.AreEqual(expected, _claimedSignature) ? null : S3Error.Of("SignatureDoesNotMatch");
    }

    // Trailers reach to the end of the body. AWS's own examples end them now by LF, now by CRLF: both are taken.
    private void TakeTrailers(ReadResult read)
    {
        if (read.Buffer.Length > TrailerBytesMax)
        {
            Refuse(read, S3Error.Of("MalformedTrailerError"));
        }
        else if (!read.IsCompleted)
        {
            WaitForMore(read.Buffer);
        }
        else
        {
            var text = Encoding.Latin1.GetString(read.Buffer);
            Skip(read.Buffer.End);
            _state = State.Ended;
            _trailers = text;
            Failure = decodedLengthBytes is { } announced && announced != _received
                ? S3Error.Of("IncompleteBody")
                : ReadTrailers(text);
        }
    }

    private S3Error? ReadTrailers(string text)
    {
        var trailers = new Dictionary<string, string>();
        var signed = new StringBuilder();
        string? claimed = null;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || claimed is not null || !_hasTrailers || trailers.Count == TrailersMax)
            {
                return S3Error.Of("MalformedTrailerError");
            }

            var name = line[..colon].TrimEnd().ToLowerInvariant();
            var value = line[(colon + 1)..].TrimStart();
            if (name == TrailerSignature)
            {
                claimed = value;
            }
            else if (trailers.TryAdd(name, value))
            {
                signed.Append(name).Append(':').Append(value).Append('\n');
            }
            else
            {
                return S3Error.Of("MalformedTrailerError");
            }
        }

        Trailers = trailers;
        return CheckTrailers(signed.ToString(), claimed);
    }

    private S3Error? CheckTrailers(string trailers, string? claimed)
    {
        if (signature.Payload.Kind != PayloadKind.SignedChunksWithTrailer)
        {
            return claimed is null ? null : S3Error.Of("MalformedTrailerError");
        }

        return claimed is not null
            && SigningKey.AreEqual(signature.Key.SignTrailers(_previousSignature, trailers), claimed)
            ? null
            : S3Error.Of("SignatureDoesNotMatch");
    }

    private void Refuse(ReadResult read, S3Error error)
    {
        Skip(read.Buffer.End);
        Failure = error;
    }
}
