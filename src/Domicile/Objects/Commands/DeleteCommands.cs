using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>DeleteObject, DeleteObjects.</summary>
internal sealed class DeleteCommands(RowChanges changes, long epoch)
{
    private readonly ObjectLookup _lookup = new(changes.Sql, changes.Account);

    public Decision Decide(DeleteObject command)
    {
        if (_lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        var deletion = Decide(bucket, new ObjectToDelete(command.Key, command.VersionId, command.Conditions));
        if (deletion.ErrorCode is not null)
        {
            return Decision.Refuse(deletion.ErrorCode);
        }

        return deletion.Apply is not { } apply
            ? new Decision.Answer(new CommandResult.ObjectDeleted(command.VersionId, false))
            : new Decision.Change(seq =>
            {
                var outcome = apply(seq);
                return new CommandResult.ObjectDeleted(outcome.VersionId, outcome.IsDeleteMarker);
            });
    }

    /// <summary>One after the other: an earlier deletion may decide a later one.</summary>
    public Decision Decide(DeleteObjects command)
    {
        if (_lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        return command.Objects.Any(o => Decide(bucket, o).Apply is not null)
            ? new Decision.Change(seq => Apply(bucket, command.Objects, seq))
            : new Decision.Answer(new CommandResult.ObjectsDeleted(
                [.. command.Objects.Select(o => Unchanged(o, Decide(bucket, o).ErrorCode))]));
    }

    private CommandResult.ObjectsDeleted Apply(BucketRow bucket, IReadOnlyList<ObjectToDelete> objects, long seq)
    {
        var outcomes = new List<DeleteOutcome>(objects.Count);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var target in objects)
        {
            // A key's versions are told apart by their seq: a key that comes again needs another.
            if (!keys.Add(target.Key))
            {
                changes.Settle(seq);
                seq = changes.Transaction.Fence(epoch) ?? throw new InvariantViolatedException("The fence held just now.");
                keys.Clear();
                keys.Add(target.Key);
            }

            var deletion = Decide(bucket, target);
            outcomes.Add(deletion.Apply?.Invoke(seq) ?? Unchanged(target, deletion.ErrorCode));
        }

        changes.Settle(seq);
        return new CommandResult.ObjectsDeleted(outcomes);
    }

    private Deletion Decide(BucketRow bucket, ObjectToDelete target)
    {
        var latest = _lookup.Version(bucket.Name, target.Key, null);
        if (Conditions.CheckWrite(target.Conditions, latest) is { } code)
        {
            return new Deletion(code, null);
        }

        if (target.VersionId is not null)
        {
            var version = _lookup.Version(bucket.Name, target.Key, target.VersionId);
            return new Deletion(null, version is null ? null : seq => Delete(target, version, target.VersionId, seq));
        }

        if (bucket.Versioning != Versioning.Off)
        {
            return new Deletion(null, seq => Mark(bucket, target, latest, seq));
        }

        return new Deletion(null, latest is null ? null : seq => Delete(target, latest, null, seq));
    }

    private DeleteOutcome Delete(ObjectToDelete target, VersionRow version, string? shownVersionId, long seq)
    {
        changes.Delete(version, seq);
        return new DeleteOutcome(target.Key, target.VersionId, shownVersionId, version.IsMarker, null);
    }

    private DeleteOutcome Mark(BucketRow bucket, ObjectToDelete target, VersionRow? latest, long seq)
    {
        var marker = VersionWrite.Add(changes, bucket, latest, target.Key, seq, NewVersion.Marker);
        return new DeleteOutcome(target.Key, null, marker.VersionId, true, null);
    }

    // To delete what isn't there is a success, says S3.
    private static DeleteOutcome Unchanged(ObjectToDelete target, string? errorCode)
        => new(target.Key, target.VersionId, errorCode is null ? target.VersionId : null, false, errorCode);

    /// <param name="Apply">Null where nothing changes.</param>
    private readonly record struct Deletion(string? ErrorCode, Func<long, DeleteOutcome>? Apply);
}
