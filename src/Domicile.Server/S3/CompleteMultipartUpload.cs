using System.Globalization;
using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class CompleteMultipartUpload
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (RequestHeaders.CheckBuilt(exchange.Headers) is { } refusal)
        {
            return refusal;
        }

        // The checksum headers are the finished object's here, not the document's.
        if ((await DocumentIntake.ReadObjectXmlAsync(exchange, "CompleteMultipartUpload", S3Limits.PartsDocumentBytesMax))
                .Failed(out var error, out var document)
            || ParseParts(document).Failed(out error, out var parts)
            || WriteGuards.Read(exchange.Headers).Failed(out error, out var conditions)
            || Size(exchange).Failed(out error, out var size)
            || (await ChecksumAsync(exchange, parts)).Failed(out error, out var checksum))
        {
            return error;
        }

        var command = new CompleteUpload(
            exchange.Bucket, exchange.Key, exchange.Query("uploadId")!, parts, checksum.Value, size.Bytes, conditions);
        if ((await exchange.WriteAsync<CommandResult.ObjectWritten>(command)).Failed(out error, out var written))
        {
            return error;
        }

        S3Answer.AddVersion(exchange, written.VersionId);
        var request = exchange.Http.Request;
        var bucket = exchange.Target.IsVirtualHosted ? "" : "/" + exchange.Bucket;
        return await S3Answer.XmlAsync(
            exchange,
            new XmlAnswer("CompleteMultipartUploadResult")
                .Add("Location", $"{request.Scheme}://{request.Host.Value}{bucket}/{PercentCode.EncodePath(exchange.Key)}")
                .Add("Bucket", exchange.Bucket)
                .Add("Key", exchange.Key)
                .Add("ETag", EntityTags.Quote(written.ETag))
                .AddChecksums(written.Checksums));
    }

    public static Outcome<List<PartToComplete>> ParseParts(XmlElement document)
    {
        var parts = new List<PartToComplete>();
        foreach (var part in document.All("Part"))
        {
            if (part["PartNumber"] is not { } text || part["ETag"] is not { } etag)
            {
                return S3Error.Of("MalformedXML");
            }

            if (PartNumber.Parse(text.Trim()).Failed(out var error, out var number)
                || ChecksumOf(part).Failed(out error, out var checksum))
            {
                return error;
            }

            if (parts.Count > 0 && number <= parts[^1].Number)
            {
                return S3Error.Of("InvalidPartOrder");
            }

            parts.Add(new PartToComplete(number, EntityTags.Unquote(etag.Trim()), checksum.Value));
        }

        return parts.Count > 0 ? parts : S3Error.Of("MalformedXML");
    }

    private static Outcome<Maybe> ChecksumOf(XmlElement part)
    {
        foreach (var algorithm in ChecksumNames.All)
        {
            if (part[ChecksumNames.Element(algorithm)] is { } value)
            {
                return ChecksumNames.IsWellFormed(algorithm, value)
                    ? new Maybe(new Checksum(algorithm, value, IsComposite: false))
                    : S3Error.Of("InvalidPart");
            }
        }

        return new Maybe(null);
    }

    private static Outcome<MaybeSize> Size(S3Exchange exchange)
        => exchange.Header("x-amz-mp-object-size") is not { } text ? new MaybeSize(null)
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? new MaybeSize(bytes)
            : S3Error.InvalidArgument("x-amz-mp-object-size", text, "The size is not a number of bytes.");

    /// <summary>
    /// The finished object's checksum from the stored parts', checked against the client's. The parts are looked at before
    /// the command commits; the ETags in the command make sure that they are still the same then.
    /// </summary>
    private static async Task<Outcome<Maybe>> ChecksumAsync(S3Exchange exchange, List<PartToComplete> parts)
    {
        if ((await FoundUpload.FindAsync(exchange)).Failed(out var error, out var upload))
        {
            // The store knows uploads that were completed a moment ago, and answers a repeated request as the first.
            return error.Code == "NoSuchUpload" ? new Maybe(null) : error;
        }

        if (upload.ChecksumAlgorithm is not { } algorithm)
        {
            return new Maybe(null);
        }

        var stored = await ListAllAsync(exchange, upload.UploadId);
        var chosen = new List<(long SizeBytes, Checksum? Checksum)>(parts.Count);
        foreach (var part in parts)
        {
            if (!stored.TryGetValue(part.Number, out var known) || !known.ETag.Equals(part.ETag, StringComparison.OrdinalIgnoreCase)
                || (part.Checksum is not null && part.Checksum != known.Checksum))
            {
                return S3Error.Of("InvalidPart").WithDetail("UploadId", upload.UploadId)
                    .WithDetail("PartNumber", part.Number.ToString(CultureInfo.InvariantCulture));
            }

            chosen.Add((known.SizeBytes, known.Checksum));
        }

        var checksum = PartsChecksum.Of(algorithm, upload.ChecksumIsComposite, chosen);
        var claimed = exchange.Header(ChecksumNames.Header(algorithm));
        // Clients give a composite one with the number of parts and without.
        return claimed is not null && checksum is not null && claimed != checksum.Value
            && claimed != checksum.Value.Split('-')[0]
            ? S3Error.Of("BadDigest",
                $"The {ChecksumNames.Name(algorithm)} you specified did not match the calculated checksum.")
            : new Maybe(checksum);
    }

    private static async Task<Dictionary<int, Objects.UploadPart>> ListAllAsync(S3Exchange exchange, string uploadId)
    {
        var stored = new Dictionary<int, Objects.UploadPart>();
        int? after = 0;
        while (after is { } marker)
        {
            var page = await exchange.Copy.ListPartsAsync(uploadId, marker, S3Limits.PageSizeMax, exchange.Aborted);
            foreach (var part in page.Parts)
            {
                stored[part.Number] = part;
            }

            after = page.NextPartNumberMarker;
        }

        return stored;
    }

    private readonly record struct Maybe(Checksum? Value);

    private readonly record struct MaybeSize(long? Bytes);
}
