using Domicile.Objects;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class CopyObject
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (CopySource.Parse(exchange.Header(CopySource.Header)!).Failed(out var error, out var source)
            || RequestHeaders.Read(exchange.Headers).Failed(out error, out var headers)
            || Replaces(exchange, "x-amz-metadata-directive").Failed(out error, out var replacesMetadata)
            || Replaces(exchange, "x-amz-tagging-directive").Failed(out error, out var replacesTags)
            || TagSet.FromHeader(exchange.Header("x-amz-tagging")).Failed(out error, out var tags)
            || WriteGuards.Read(exchange.Headers).Failed(out error, out var conditions))
        {
            return error;
        }

        var changesLittle = headers.StorageClass is not null || headers.WebsiteRedirectLocation is not null;
        if (IsOntoItself(exchange, source) && !replacesMetadata && !changesLittle
            && exchange.Header("x-amz-server-side-encryption") is null)
        {
            return S3Error.Of("InvalidRequest", "This copy request is illegal because it is trying to copy an object to "
                + "itself without changing the object's metadata, storage class, website redirect location or "
                + "encryption attributes.");
        }

        ObjectHeaders? newHeaders = replacesMetadata ? headers : null;
        if (!replacesMetadata && changesLittle)
        {
            if ((await MergeAsync(exchange, source, headers)).Failed(out error, out var merged))
            {
                return error;
            }

            (source, newHeaders) = merged;
        }

        var command = new Objects.CopyObject(
            source.Bucket, source.Key, source.VersionId, ReadConditions.OfSource(exchange.Headers).ToWrite(),
            exchange.Bucket, exchange.Key, newHeaders, replacesTags ? tags : null, conditions);
        return (await exchange.WriteAsync<CommandResult.ObjectWritten>(command)).Failed(out error, out var written)
            ? error
            : await AnswerAsync(exchange, written);
    }

    private static Task<S3Error?> AnswerAsync(S3Exchange exchange, CommandResult.ObjectWritten written)
    {
        S3Answer.AddVersion(exchange, written.VersionId);
        S3Answer.EchoEncryption(exchange);
        if (written.SourceVersionId is { } sourceVersionId)
        {
            exchange.AnswerHeaders["x-amz-copy-source-version-id"] = sourceVersionId;
        }

        return S3Answer.XmlAsync(
            exchange,
            new XmlAnswer("CopyObjectResult")
                .Add("LastModified", written.ModifiedAt)
                .Add("ETag", EntityTags.Quote(written.ETag))
                .AddChecksums(written.Checksums));
    }

    // The source's metadata with another storage class: of exactly the version that was looked at.
    private static async Task<Outcome<(CopySource Source, ObjectHeaders? Headers)>> MergeAsync(
        S3Exchange exchange, CopySource source, ObjectHeaders given)
    {
        if ((await FoundObject.FindAsync(exchange, source.Bucket, source.Key, source.VersionId))
            .Failed(out var error, out var found))
        {
            return error;
        }

        var merged = found.Version.Headers with
        {
            StorageClass = given.StorageClass,
            WebsiteRedirectLocation = given.WebsiteRedirectLocation,
        };
        return (source with { VersionId = found.VersionId }, merged);
    }

    private static bool IsOntoItself(S3Exchange exchange, CopySource source)
        => source.VersionId is null && source.Bucket == exchange.Bucket && source.Key == exchange.Key;

    private static Outcome<bool> Replaces(S3Exchange exchange, string directive)
        => exchange.Header(directive) switch
        {
            null or "COPY" => false,
            "REPLACE" => true,
            var other => S3Error.InvalidArgument(directive, other, $"Unknown {directive}."),
        };
}
