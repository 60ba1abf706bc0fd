using System.Buffers;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Bodies;

/// <summary>Reads a request's XML document, checked against its signature and whatever else its sender said of it.</summary>
internal static class DocumentIntake
{
    /// <param name="needsDigest">Refuse a body of which neither Content-MD5 nor a checksum is given.</param>
    public static async Task<Outcome<XmlElement>> ReadXmlAsync(
        S3Exchange exchange, string root, int lengthBytesMax, bool needsDigest = false)
        => (await ReadAsync(exchange, lengthBytesMax, needsDigest)).Failed(out var error, out var document) ? error
            : document.IsEmpty ? S3Error.Of("MissingRequestBodyError")
            : XmlElement.Parse(document, root);

    /// <summary>
    /// Reads the document of a request whose x-amz-checksum- headers are about the object that it makes, and not about
    /// the document.
    /// </summary>
    public static async Task<Outcome<XmlElement>> ReadObjectXmlAsync(S3Exchange exchange, string root, int lengthBytesMax)
    {
        var payload = exchange.Signature.Payload;
        var length = payload.IsChunked ? null : exchange.Http.Request.ContentLength;
        if (length > lengthBytesMax)
        {
            return S3Error.Of("MaxMessageLengthExceeded");
        }

        var headers = new HeaderDictionary { ["Content-MD5"] = exchange.Headers["Content-MD5"] };
        if (Integrity.Start(headers, payload, needsMd5: false).Failed(out var error, out var integrity))
        {
            return error;
        }

        using (integrity)
        {
            return (await ReadAsync(exchange, integrity, length, lengthBytesMax)).Failed(out error, out var document) ? error
                : document.IsEmpty ? S3Error.Of("MissingRequestBodyError")
                : XmlElement.Parse(document, root);
        }
    }

    /// <summary>The document; empty where the request has none.</summary>
    public static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(
        S3Exchange exchange, int lengthBytesMax, bool needsDigest = false)
    {
        var payload = exchange.Signature.Payload;
        var length = payload.IsChunked ? null : exchange.Http.Request.ContentLength;
        if (length > lengthBytesMax)
        {
            return S3Error.Of("MaxMessageLengthExceeded");
        }

        if (Integrity.Start(exchange.Headers, payload, needsMd5: false).Failed(out var error, out var integrity))
        {
            return error;
        }

        using (integrity)
        {
            return needsDigest && !integrity.IsClaimed
                ? S3Error.Of("InvalidRequest", "Missing required header for this request: Content-MD5")
                : await ReadAsync(exchange, integrity, length, lengthBytesMax);
        }
    }

    private static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(
        S3Exchange exchange, Integrity integrity, long? lengthBytes, int lengthBytesMax)
    {
        var document = new ArrayBufferWriter<byte>();
        using var body = RequestBody.Open(exchange.Http.Request.BodyReader, exchange.Signature, lengthBytes);
        while (await body.ReadAsync(exchange.Aborted) is { IsEmpty: false } bytes)
        {
            if (document.WrittenCount + bytes.Length > lengthBytesMax)
            {
                return S3Error.Of("MaxMessageLengthExceeded");
            }

            integrity.Append(bytes.Span);
            document.Write(bytes.Span);
        }

        exchange.Sent = new SentBody(document.WrittenMemory, null, body.Framing);
        return (body.Failure is { } failure ? failure : integrity.Finish(body.Trailers)).Failed(out var error, out _)
            ? error
            : document.WrittenMemory;
    }
}
