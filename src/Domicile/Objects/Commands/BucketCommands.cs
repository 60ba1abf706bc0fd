using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>CreateBucket, DeleteBucket, PutBucketTagging, PutBucketVersioning.</summary>
internal sealed class BucketCommands(RowChanges changes)
{
    private readonly ObjectLookup _lookup = new(changes.Sql, changes.Account);

    public Decision Decide(CreateBucket command)
    {
        if (_lookup.Bucket(command.Name) is not null)
        {
            return Decision.Refuse("BucketAlreadyOwnedByYou");
        }

        var count = changes.Sql.Scalar<long>("SELECT COUNT(*) FROM bucket WHERE account = @p1", changes.Account.Value);
        return count >= ObjectLimits.BucketsMax
            ? Decision.Refuse("TooManyBuckets")
            : Decision.Do(seq => changes.Put(new BucketRow(
                command.Name, seq, changes.Transaction.Now.ToUnixTimeMilliseconds(), Versioning.Off,
                DocumentJson.WriteTags(DocumentJson.NoTags))));
    }

    /// <summary>
    /// Versions and delete markers keep a bucket from being deleted, uploads under way do not: they go with it, as at S3.
    /// </summary>
    public Decision Decide(DeleteBucket command)
    {
        if (_lookup.Bucket(command.Name) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        if (changes.Sql.Scalar<long>(
            "SELECT born FROM version WHERE account = @p1 AND bucket = @p2 LIMIT 1", changes.Account.Value, bucket.Name) != 0)
        {
            return Decision.Refuse("BucketNotEmpty");
        }

        var parts = changes.Sql.Scalar<long>(
            """
            SELECT COUNT(*) FROM upload u JOIN part p ON p.account = u.account AND p.upload = u.upload
            WHERE u.account = @p1 AND u.bucket = @p2
            """,
            changes.Account.Value, bucket.Name);
        return parts > ObjectLimits.PartsPerBucketDeletedMax
            ? Decision.Refuse("BucketNotEmpty", "Its uploads under way have too many parts to go at once: abort them first.")
            : Decision.Do(seq => Delete(bucket, seq));
    }

    public Decision Decide(PutBucketTags command)
    {
        if (_lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        var tags = DocumentJson.WriteTags(command.Tags ?? DocumentJson.NoTags);
        return tags == bucket.Tags
            ? Decision.NothingToDo
            : Decision.Do(seq => changes.Put(bucket with { Seq = seq, Tags = tags }));
    }

    public Decision Decide(PutBucketVersioning command)
    {
        if (_lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        if (command.Versioning == bucket.Versioning)
        {
            return Decision.NothingToDo;
        }

        return command.Versioning == Versioning.Off
            ? Decision.Refuse("IllegalVersioningConfigurationException", "Versioning, once enabled, can only be suspended.")
            : Decision.Do(seq => changes.Put(bucket with { Seq = seq, Versioning = command.Versioning }));
    }

    private void Delete(BucketRow bucket, long seq)
    {
        var uploads = changes.Sql.List(
            $"{UploadRow.Select} WHERE account = @p1 AND bucket = @p2", UploadRow.Read, changes.Account.Value, bucket.Name);
        foreach (var upload in uploads)
        {
            UploadCommands.Delete(changes, upload, seq);
        }

        changes.Delete(bucket, seq);
    }
}
