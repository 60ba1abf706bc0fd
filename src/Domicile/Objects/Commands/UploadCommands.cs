using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>CreateMultipartUpload, UploadPart, UploadPartCopy, AbortMultipartUpload.</summary>
internal sealed class UploadCommands(RowChanges changes)
{
    private readonly ObjectLookup _lookup = new(changes.Sql, changes.Account);

    /// <summary>An upload and its parts; what they alone refer to goes with them.</summary>
    public static void Delete(RowChanges changes, UploadRow upload, long seq)
    {
        foreach (var part in PartRow.List(changes.Sql, changes.Account, upload.UploadId, 0, ObjectLimits.PartsMax))
        {
            changes.Delete(part, seq);
        }

        changes.Delete(upload, seq);
    }

    public Decision Decide(CreateUpload command)
    {
        if (_lookup.Bucket(command.Bucket) is null)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        if (_lookup.Upload(command.Bucket, command.Key, command.UploadId) is not null
            || PartRow.List(changes.Sql, changes.Account, command.UploadId, 0, 1).Count > 0)
        {
            return Decision.Refuse("InvalidArgument", "The upload id is in use.");
        }

        var count = changes.Sql.Scalar<long>("SELECT COUNT(*) FROM upload WHERE account = @p1", changes.Account.Value);
        if (count >= ObjectLimits.UploadsMax)
        {
            return Decision.Refuse(
                "InvalidRequest", $"The account has {ObjectLimits.UploadsMax} uploads under way: complete or abort some.");
        }

        var document = new UploadDocument
        {
            Headers = DocumentJson.Ordered(command.Headers),
            Tags = DocumentJson.Ordered(command.Tags),
            ChecksumAlgorithm = command.ChecksumAlgorithm,
            ChecksumIsComposite = command.ChecksumIsComposite,
        };
        return new Decision.Change(seq =>
        {
            changes.Put(new UploadRow(
                command.Bucket, command.Key, command.UploadId, seq, changes.Transaction.Now.ToUnixTimeMilliseconds(),
                DocumentJson.Write(document, DocumentJson.Default.UploadDocument)));
            return new CommandResult.UploadCreated(command.UploadId);
        });
    }

    public Decision Decide(PutPart command)
    {
        if (RefusePart(command.Bucket, command.Key, command.UploadId, command.Checksum) is { } refusal)
        {
            return refusal;
        }

        var staged = command.Staged;
        return new Decision.Change(seq =>
        {
            changes.Add(new ContentRow(staged.ContentId, seq, staged.LengthBytes, staged.Inline));
            return Put(
                command.UploadId, command.Number, staged.LengthBytes, command.ETag, command.Checksum,
                [new ContentPiece(staged.ContentId, 0, staged.LengthBytes)], seq);
        });
    }

    public Decision Decide(CopyPart command)
    {
        if (RefusePart(command.Bucket, command.Key, command.UploadId, command.Checksum) is { } refusal)
        {
            return refusal;
        }

        var source = VersionRow.Find(
            changes.Sql, changes.Account, command.SourceBucket, command.SourceKey, command.SourceBorn);
        if (source is null || source.IsMarker || source.VersionId != command.SourceVersionId)
        {
            return RefuseSource(command);
        }

        if (command.OffsetBytes < 0 || command.LengthBytes < 0 || command.LengthBytes > source.Size - command.OffsetBytes)
        {
            return Decision.Refuse("InvalidRange", "The range lies outside of the source.");
        }

        var pieces = PieceRuns.Slice(source.Pieces, command.OffsetBytes, command.LengthBytes);
        var shown = VersionWrite.Shown(_lookup.Bucket(command.SourceBucket)!, source.VersionId);
        return new Decision.Change(seq => Put(
            command.UploadId, command.Number, command.LengthBytes, command.ETag, command.Checksum, pieces, seq) with
        {
            SourceVersionId = shown,
        });
    }

    public Decision Decide(AbortUpload command)
        => _lookup.Bucket(command.Bucket) is null ? Decision.Refuse("NoSuchBucket")
            : _lookup.Upload(command.Bucket, command.Key, command.UploadId) is not { } upload ? Decision.Refuse("NoSuchUpload")
            : Decision.Do(seq => Delete(changes, upload, seq));

    private Decision? RefusePart(string bucket, string key, string uploadId, Checksum? checksum)
    {
        if (_lookup.Bucket(bucket) is null)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        if (_lookup.Upload(bucket, key, uploadId) is not { } upload)
        {
            return Decision.Refuse("NoSuchUpload");
        }

        return upload.Parsed.ChecksumAlgorithm is { } expected && checksum is not null && checksum.Algorithm != expected
            ? Decision.Refuse("InvalidRequest", "The part's checksum is not of the algorithm that the upload was begun with.")
            : null;
    }

    // The null version of a key can be replaced between the reading of its bytes and this command.
    private Decision RefuseSource(CopyPart command)
        => _lookup.Version(command.SourceBucket, command.SourceKey, command.SourceVersionId) is { IsMarker: false }
            ? Decision.Refuse("SlowDown", "The source was replaced while it was read: send the request again.")
            : Decision.Refuse(command.SourceVersionId == VersionIds.Null ? "NoSuchKey" : "NoSuchVersion");

    private CommandResult.PartWritten Put(
        string uploadId, int number, long size, string etag, Checksum? checksum, IReadOnlyList<ContentPiece> pieces, long seq)
    {
        var document = new PartDocument { Checksum = checksum, Pieces = pieces.Count == 0 ? null : pieces };
        var now = changes.Transaction.Now.ToUnixTimeMilliseconds();
        changes.Put(new PartRow(
            uploadId, number, seq, size, etag, now, DocumentJson.Write(document, DocumentJson.Default.PartDocument)));
        return new CommandResult.PartWritten(etag, DateTimeOffset.FromUnixTimeMilliseconds(now), checksum);
    }
}
