using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>PutObject, CopyObject, PutObjectTagging.</summary>
internal sealed class ObjectCommands(RowChanges changes)
{
    private readonly ObjectLookup _lookup = new(changes.Sql, changes.Account);

    public Decision Decide(PutObject command)
    {
        if (_lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        var latest = _lookup.Version(command.Bucket, command.Key, null);
        if (Conditions.CheckWrite(command.Conditions, latest) is { } code)
        {
            return Decision.Refuse(code);
        }

        return new Decision.Change(seq =>
        {
            var staged = command.Staged;
            changes.Add(new ContentRow(staged.ContentId, seq, staged.LengthBytes, staged.Inline));
            var document = NewVersion.Describe(
                command.Headers, command.Checksums, command.Tags,
                [new ContentPiece(staged.ContentId, 0, staged.LengthBytes)], []);
            var content = new NewVersion(staged.LengthBytes, command.ETag, document);
            return VersionWrite.Answer(bucket, VersionWrite.Add(changes, bucket, latest, command.Key, seq, content));
        });
    }

    public Decision Decide(CopyObject command)
    {
        if (_lookup.Bucket(command.SourceBucket) is not { } sourceBucket || _lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        var source = _lookup.Version(command.SourceBucket, command.SourceKey, command.SourceVersionId);
        var latest = _lookup.Version(command.Bucket, command.Key, null);
        if (source is null || source.IsMarker)
        {
            return RefuseSource(command.SourceVersionId, source);
        }

        if (!Conditions.HoldForCopy(command.SourceConditions, source))
        {
            return Decision.Refuse("PreconditionFailed");
        }

        if (Conditions.CheckWrite(command.Conditions, latest) is { } code)
        {
            return Decision.Refuse(code);
        }

        var ontoItself = command.SourceBucket == command.Bucket && command.SourceKey == command.Key;
        return ontoItself && command.SourceVersionId is null && command.Headers is null
            ? Decision.Refuse(
                "InvalidRequest", "A copy of an object to itself must change its metadata, storage class or redirect location.")
            : new Decision.Change(seq => Copy(command, sourceBucket, source, bucket, latest, seq));
    }

    public Decision Decide(PutObjectTags command)
    {
        if (_lookup.Bucket(command.Bucket) is null)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        var version = _lookup.Version(command.Bucket, command.Key, command.VersionId);
        if (version is null)
        {
            return Decision.Refuse(command.VersionId is null ? "NoSuchKey" : "NoSuchVersion");
        }

        if (version.IsMarker)
        {
            return Decision.Refuse(command.VersionId is null ? "NoSuchKey" : "MethodNotAllowed");
        }

        var tagged = version.Parsed with { Tags = DocumentJson.Ordered(command.Tags ?? DocumentJson.NoTags) };
        var document = DocumentJson.Write(tagged, DocumentJson.Default.VersionDocument);
        return document == version.Document
            ? Decision.NothingToDo
            : Decision.Do(seq => changes.Put(version with { Seq = seq, Document = document }));
    }

    private CommandResult.ObjectWritten Copy(
        CopyObject command, BucketRow sourceBucket, VersionRow source, BucketRow bucket, VersionRow? latest, long seq)
    {
        var kept = source.Parsed;
        var document = NewVersion.Describe(
            command.Headers ?? kept.Headers ?? new ObjectHeaders(), kept.Checksums ?? [],
            command.Tags ?? kept.Tags ?? DocumentJson.NoTags, kept.Pieces ?? [], kept.PartSizes ?? []);
        var content = new NewVersion(source.Size, source.ETag, document);
        var row = VersionWrite.Add(changes, bucket, latest, command.Key, seq, content);
        return VersionWrite.Answer(bucket, row, VersionWrite.Shown(sourceBucket, source.VersionId));
    }

    private static Decision RefuseSource(string? versionId, VersionRow? source)
        => versionId is null ? Decision.Refuse("NoSuchKey")
            : source is null ? Decision.Refuse("NoSuchVersion")
            : Decision.Refuse("InvalidRequest", "The source of a copy may not be a delete marker.");
}
