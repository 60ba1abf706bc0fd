using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Signing;

/// <summary>How a request's body is sent and proven: the meaning of x-amz-content-sha256.</summary>
internal enum PayloadKind
{
    /// <summary>As it is, and not covered by the signature.</summary>
    Unsigned,

    /// <summary>As it is, with its SHA-256 in the header.</summary>
    Hashed,

    /// <summary>aws-chunked, each chunk signed.</summary>
    SignedChunks,

    /// <summary>aws-chunked, each chunk and the trailers signed.</summary>
    SignedChunksWithTrailer,

    /// <summary>aws-chunked, nothing signed, with trailers.</summary>
    UnsignedChunksWithTrailer,
}

/// <summary>x-amz-content-sha256, read.</summary>
/// <param name="Text">As the client wrote it, for the canonical request.</param>
internal sealed record PayloadHash(PayloadKind Kind, string Text)
{
    /// <summary>SHA-256 of no bytes.</summary>
    public const string OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    public static readonly PayloadHash Unsigned = new(PayloadKind.Unsigned, "UNSIGNED-PAYLOAD");

    public bool IsChunked
        => Kind is PayloadKind.SignedChunks or PayloadKind.SignedChunksWithTrailer or PayloadKind.UnsignedChunksWithTrailer;

    public static Outcome<PayloadHash> Parse(string text) => text switch
    {
        "UNSIGNED-PAYLOAD" => Unsigned,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => new PayloadHash(PayloadKind.SignedChunks, text),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => new PayloadHash(PayloadKind.SignedChunksWithTrailer, text),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => new PayloadHash(PayloadKind.UnsignedChunksWithTrailer, text),
        { Length: 64 } when text.All(char.IsAsciiHexDigit) => new PayloadHash(PayloadKind.Hashed, text),
        _ => S3Error.InvalidArgument("x-amz-content-sha256", text,
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
            + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."),
    };
}
