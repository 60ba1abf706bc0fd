using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Domicile.Objects;
using Domicile.Server.S3.Hashing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>
/// A part that is a range of another object, by reference. Its ETag must be the MD5 of its bytes all the same: the
/// source's own where the part is all of a source that was put in one piece, else computed by reading.
/// </summary>
internal static class UploadPartCopy
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (RequestHeaders.CheckBuilt(exchange.Headers) is { } refusal)
        {
            return refusal;
        }

        if (PartNumber.Parse(exchange.Query("partNumber")).Failed(out var error, out var number)
            || CopySource.Parse(exchange.Header(CopySource.Header)!).Failed(out error, out var source)
            || (await FoundUpload.FindAsync(exchange)).Failed(out error, out var upload)
            || (await FoundObject.FindAsync(exchange, source.Bucket, source.Key, source.VersionId))
                .Failed(out error, out var found)
            || ChooseRange(exchange, found.Version).Failed(out error, out var range))
        {
            return error;
        }

        if (ReadConditions.OfSource(exchange.Headers).Judge(found.Version, out _) != ConditionVerdict.Holds)
        {
            return S3Error.Of("PreconditionFailed");
        }

        var (etag, checksum) = await HashAsync(exchange, found.Version, range, upload.ChecksumAlgorithm);
        var command = new CopyPart(
            exchange.Bucket, exchange.Key, upload.UploadId, number, source.Bucket, source.Key, found.Version.VersionId,
            found.Version.Born, range.OffsetBytes, range.LengthBytes, etag, checksum);
        if ((await exchange.WriteAsync<CommandResult.PartWritten>(command)).Failed(out error, out var written))
        {
            return error;
        }

        if (written.SourceVersionId is { } sourceVersionId)
        {
            exchange.AnswerHeaders["x-amz-copy-source-version-id"] = sourceVersionId;
        }

        var answer = new XmlAnswer("CopyPartResult")
            .Add("LastModified", written.ModifiedAt)
            .Add("ETag", EntityTags.Quote(written.ETag));
        return await S3Answer.XmlAsync(
            exchange,
            written.Checksum is { } sum ? answer.Add(ChecksumNames.Element(sum.Algorithm), sum.Value) : answer);
    }

    private static Outcome<ByteRange> ChooseRange(S3Exchange exchange, ObjectVersion source)
    {
        if (exchange.Header("x-amz-copy-source-range") is not { } header)
        {
            return source.SizeBytes <= S3Limits.ContentBytesMax
                ? new ByteRange(0, source.SizeBytes)
                : S3Error.Of("InvalidRequest",
                    "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
        }

        if (ByteRange.ParseExact(header) is not { } range)
        {
            return S3Error.InvalidArgument("x-amz-copy-source-range", header,
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
                + "zero-based offsets of the first and last bytes to copy");
        }

        return range.Last < source.SizeBytes && range.LengthBytes <= S3Limits.ContentBytesMax
            ? range
            : S3Error.InvalidArgument("x-amz-copy-source-range", header,
                "Range specified is not valid for source object of size: "
                + source.SizeBytes.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<(string ETag, Checksum? Checksum)> HashAsync(
        S3Exchange exchange, ObjectVersion source, ByteRange range, ChecksumAlgorithm? algorithm)
    {
        var known = source.Checksums.FirstOrDefault(each => each.Algorithm == algorithm && !each.IsComposite);
        if (range.LengthBytes == source.SizeBytes && !source.ETag.Contains('-') && (algorithm is null || known is not null))
        {
            return (source.ETag, known);
        }

        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var checksum = algorithm is { } wanted ? RunningChecksum.Start(wanted) : null;
        var pipe = new Pipe();
        var writing = FillAsync(exchange, source, range, pipe.Writer);
        try
        {
            await DrainAsync(pipe.Reader, md5, checksum, exchange.Aborted);
        }
        finally
        {
            // Frees the writing side if it still waits for room.
            await pipe.Reader.CompleteAsync();
            await writing;
        }

        return (
            Convert.ToHexStringLower(md5.GetHashAndReset()),
            checksum is null ? null : new Checksum(algorithm!.Value, checksum.Finish(), IsComposite: false));
    }

    private static async Task FillAsync(S3Exchange exchange, ObjectVersion source, ByteRange range, PipeWriter writer)
    {
        try
        {
            if (range.LengthBytes > 0)
            {
                await exchange.Copy.ReadContentAsync(
                    source.Pieces, range.OffsetBytes, range.LengthBytes, writer, exchange.Aborted);
            }
        }
        finally
        {
            await writer.CompleteAsync();
        }
    }

    private static async Task DrainAsync(
        PipeReader reader, IncrementalHash md5, RunningChecksum? checksum, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            foreach (var bytes in read.Buffer)
            {
                md5.AppendData(bytes.Span);
                checksum?.Append(bytes.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
