using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Bodies;

/// <summary>Takes a body from the network into the store, and commits the command that names it.</summary>
internal static class ContentIntake
{
    /// <summary>
    /// Stages the request's content, checks everything that its sender said of it, then runs the command. If anything
    /// fails before the command has committed, the staged bytes are deleted.
    /// </summary>
    /// <param name="also">A checksum to compute even if the client gives none.</param>
    public static async Task<Outcome<T>> StoreAsync<T>(
        S3Exchange exchange, ChecksumAlgorithm? also, Func<StagedContent, ProvenBody, AccountCommand> command)
        where T : CommandResult
    {
        if (ContentLength(exchange).Failed(out var error, out var length)
            || Integrity.Start(exchange.Headers, exchange.Signature.Payload, true, also).Failed(out error, out var integrity))
        {
            return error;
        }

        using (integrity)
        {
            await using var writer = exchange.Copy.StageContent();
            if ((await ReceiveAsync(exchange, writer, length, integrity)).Failed(out error, out var proven))
            {
                return error;
            }

            var staged = await writer.CompleteAsync(exchange.Aborted);
            exchange.Sent = exchange.Sent with { Content = staged };
            return await CommitAsync<T>(exchange, writer, command(staged, proven));
        }
    }

    /// <summary>The object's length in bytes, which S3 wants to know beforehand.</summary>
    private static Outcome<long> ContentLength(S3Exchange exchange)
    {
        var length = exchange.Http.Request.ContentLength;
        if (exchange.Signature.Payload.IsChunked)
        {
            length = long.TryParse(
                exchange.Header("x-amz-decoded-content-length"), System.Globalization.NumberStyles.None,
                System.Globalization.CultureInfo.InvariantCulture, out var decoded)
                ? decoded
                : null;
        }

        return length is not { } known ? S3Error.Of("MissingContentLength")
            : known > S3Limits.ContentBytesMax
                ? S3Error.Of("EntityTooLarge")
                    .WithDetail("ProposedSize", known.ToString(System.Globalization.CultureInfo.InvariantCulture))
                    .WithDetail("MaxSizeAllowed",
                        S3Limits.ContentBytesMax.ToString(System.Globalization.CultureInfo.InvariantCulture))
                : known;
    }

    private static async Task<Outcome<ProvenBody>> ReceiveAsync(
        S3Exchange exchange, ContentWriter writer, long lengthBytes, Integrity integrity)
    {
        using var body = RequestBody.Open(exchange.Http.Request.BodyReader, exchange.Signature, lengthBytes);
        while (await body.ReadAsync(exchange.Aborted) is { IsEmpty: false } bytes)
        {
            integrity.Append(bytes.Span);
            await writer.WriteAsync(bytes, exchange.Aborted);
        }

        exchange.Sent = exchange.Sent with { Framing = body.Framing };
        return body.Failure is { } error ? error : integrity.Finish(body.Trailers);
    }

    private static async Task<Outcome<T>> CommitAsync<T>(S3Exchange exchange, ContentWriter writer, AccountCommand command)
        where T : CommandResult
    {
        var mayHaveCommitted = true;
        try
        {
            var outcome = await exchange.WriteAsync<T>(command);
            mayHaveCommitted = !outcome.Failed(out _, out _);
            return outcome;
        }
        finally
        {
            // An exception says nothing of whether the commit took place. A content too many is swept one day; a content
            // too few is a lost object.
            if (mayHaveCommitted)
            {
                writer.Adopted();
            }
        }
    }
}
