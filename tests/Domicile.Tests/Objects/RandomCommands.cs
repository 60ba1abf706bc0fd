using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Tests.Storage;
using Xunit;

namespace Domicile.Tests.Objects;

/// <summary>Draws commands, runs them on an account and on the model, and compares each answer with the model's.</summary>
internal sealed class RandomCommands(Random random, TestAccount account)
{
    // In UTF-8's order and in UTF-16's these differ: U+FFFD and U+1F600.
    public static readonly string[] Keys =
        ["a", "a/", "a/b", "a/b/c", "a//b", "ab", "b", "b/c", "\ufffd", "\U0001F600", "\U0001F600/x", "a/\U0010FFFF", "z\0a", "z"];

    private static readonly string[] BucketNames = ["photos", "docs"];

    private int _names;

    public ReferenceModel Model { get; } = new();

    public Task Step()
        => random.Next(24) switch
        {
            0 => CreateBucket(),
            1 => DeleteBucket(),
            2 => SetVersioning(),
            < 9 => Put(),
            9 or 10 => Copy(),
            11 or 12 or 13 => Delete(),
            14 => DeleteMany(),
            15 or 16 => Tag(),
            17 or 18 => CreateUpload(),
            19 or 20 => PutPart(),
            21 => Complete(),
            22 => Abort(),
            _ => TouchCredential(),
        };

    private async Task CreateBucket()
    {
        var name = Draw(BucketNames);
        var expected = Model.Buckets.ContainsKey(name) ? "BucketAlreadyOwnedByYou" : null;
        Assert.Equal(expected, await account.CodeOf(new CreateBucket(name)));
        Model.Buckets.TryAdd(name, new ModelBucket());
    }

    private async Task DeleteBucket()
    {
        var name = Draw(BucketNames);
        var expected = !Model.Buckets.TryGetValue(name, out var bucket) ? "NoSuchBucket"
            : bucket.Versions.Count > 0 ? "BucketNotEmpty" : null;
        Assert.Equal(expected, await account.CodeOf(new DeleteBucket(name)));
        if (expected is null)
        {
            Model.Buckets.Remove(name);
        }
    }

    private async Task SetVersioning()
    {
        if (!TryDrawBucket(out var name))
        {
            return;
        }

        var versioning = (Versioning)random.Next(1, 3);
        Assert.Null(await account.CodeOf(new PutBucketVersioning(name, versioning)));
        Model.Buckets[name].Versioning = versioning;
    }

    private async Task Put()
    {
        var (name, key) = (Draw(BucketNames), DrawKey());
        var conditions = DrawConditions(name, key, out var expected);
        var size = random.Next(100);
        var put = account.NewPut(name, key, "", conditions) with
        {
            Staged = account.Stage(size, random.Next(2) == 0),
            ETag = NewETag(),
        };
        var result = await account.Run(put);
        Assert.Equal(expected, (result as CommandResult.Refused)?.Code);
        if (result is CommandResult.ObjectWritten written)
        {
            Model.Write(name, new ModelVersion(key, written.VersionId ?? "null", put.ETag, size, false, ""));
        }
    }

    private async Task Copy()
    {
        if (!TryDrawBucket(out var from) || !TryDrawBucket(out var to))
        {
            return;
        }

        var (sourceKey, key) = (DrawKey(), DrawKey());
        var latest = Model.Latest(from, sourceKey);
        var expected = latest is null or { IsMarker: true } ? "NoSuchKey" : null;
        var command = new CopyObject(
            from, sourceKey, null, WriteConditions.None, to, key, TestAccount.NoHeaders, null, WriteConditions.None);
        var result = await account.Run(command);
        Assert.Equal(expected, (result as CommandResult.Refused)?.Code);
        if (result is CommandResult.ObjectWritten written)
        {
            Model.Write(to, latest! with { Key = key, Id = written.VersionId ?? "null" });
        }
    }

    private async Task Delete()
    {
        if (!TryDrawBucket(out var name))
        {
            return;
        }

        var target = DrawTarget(name);
        var result = Assert.IsType<CommandResult.ObjectDeleted>(await account.Delete(name, target.Key, target.VersionId));
        Model.Delete(name, target.Key, target.VersionId, result.VersionId);
    }

    private async Task DeleteMany()
    {
        if (!TryDrawBucket(out var name))
        {
            return;
        }

        var targets = Enumerable.Range(0, random.Next(1, 6)).Select(_ => DrawTarget(name)).ToList();
        var result = Assert.IsType<CommandResult.ObjectsDeleted>(await account.Run(new DeleteObjects(name, targets)));
        foreach (var outcome in result.Outcomes)
        {
            Model.Delete(name, outcome.Key, outcome.RequestedVersionId, outcome.VersionId);
        }
    }

    private async Task Tag()
    {
        if (!TryDrawBucket(out var name))
        {
            return;
        }

        var tag = NewETag();
        var target = DrawTarget(name);
        var versions = Model.Buckets[name].Versions;
        var index = target.VersionId is null
            ? versions.FindLastIndex(v => v.Key == target.Key)
            : versions.FindIndex(v => v.Key == target.Key && v.Id == target.VersionId);
        var expected = index < 0 ? (target.VersionId is null ? "NoSuchKey" : "NoSuchVersion")
            : versions[index].IsMarker ? (target.VersionId is null ? "NoSuchKey" : "MethodNotAllowed") : null;
        var tags = new Dictionary<string, string> { ["tag"] = tag };
        Assert.Equal(expected, await account.CodeOf(new PutObjectTags(name, target.Key, target.VersionId, tags)));
        if (expected is null)
        {
            versions[index] = versions[index] with { Tag = tag };
        }
    }

    private async Task CreateUpload()
    {
        if (!TryDrawBucket(out var name))
        {
            return;
        }

        var (key, id) = (DrawKey(), NewETag().Replace('0', 'q').Replace('1', 'r').Replace('8', 's').Replace('9', 't'));
        Assert.Null(await account.CodeOf(new CreateUpload(
            name, key, id, TestAccount.NoHeaders, TestAccount.NoTags, null, false)));
        Model.Buckets[name].Uploads.Add(id, new ModelUpload(key));
    }

    private async Task PutPart()
    {
        if (!TryDrawUpload(out var name, out var id, out var upload))
        {
            return;
        }

        var (number, size, etag) = (random.Next(1, 4), 5L << 20, NewETag());
        Assert.Null(await account.CodeOf(new PutPart(
            name, upload.Key, id, number, account.Stage(size, isInline: false), etag, null)));
        upload.Parts[number] = (etag, size);
    }

    private async Task Complete()
    {
        if (!TryDrawUpload(out var name, out var id, out var upload))
        {
            return;
        }

        var parts = upload.Parts.Where(_ => random.Next(4) > 0).ToList();
        var command = new CompleteUpload(
            name, upload.Key, id, [.. parts.Select(p => new PartToComplete(p.Key, p.Value.ETag, null))], null, null,
            WriteConditions.None);
        var result = await account.Run(command);
        Assert.Equal(parts.Count == 0 ? "MalformedXML" : null, (result as CommandResult.Refused)?.Code);
        if (result is CommandResult.ObjectWritten written)
        {
            Model.Buckets[name].Uploads.Remove(id);
            Model.Write(name, new ModelVersion(
                upload.Key, written.VersionId ?? "null", written.ETag, parts.Sum(p => p.Value.Size), false, ""));
        }
    }

    private async Task Abort()
    {
        if (TryDrawUpload(out var name, out var id, out var upload))
        {
            Assert.Null(await account.CodeOf(new AbortUpload(name, upload.Key, id)));
            Model.Buckets[name].Uploads.Remove(id);
        }
    }

    private async Task TouchCredential()
    {
        var accessKey = AccessKey.NewId(TemporaryRegion.Anna, [0, 0, 0, 0, (byte)random.Next(3)]);
        var credential = new Credential(accessKey, SecretBytes.OfText("secret"), "phone", DateTimeOffset.UnixEpoch);
        if (await account.CodeOf(new AddCredential(credential)) is not null)
        {
            Assert.Null(await account.CodeOf(new RevokeCredential(accessKey)));
        }
    }

    private WriteConditions DrawConditions(string bucket, string key, out string? code)
    {
        var latest = Model.Buckets.ContainsKey(bucket) ? Model.Latest(bucket, key) : null;
        var existing = latest is { IsMarker: false } ? latest : null;
        code = null;
        var conditions = WriteConditions.None;
        switch (random.Next(8))
        {
            case 0:
                conditions = new WriteConditions(null, ["*"]);
                code = existing is null ? null : "PreconditionFailed";
                break;
            case 1:
                conditions = new WriteConditions([existing?.ETag ?? "none"], null);
                code = existing is null ? "NoSuchKey" : null;
                break;
            case 2:
                conditions = new WriteConditions(["other"], null);
                code = existing is null ? "NoSuchKey" : "PreconditionFailed";
                break;
            default:
                break;
        }

        code = Model.Buckets.ContainsKey(bucket) ? code : "NoSuchBucket";
        return conditions;
    }

    private ObjectToDelete DrawTarget(string bucket)
    {
        var versions = Model.Buckets[bucket].Versions;
        if (versions.Count > 0 && random.Next(2) == 0)
        {
            var version = versions[random.Next(versions.Count)];
            return new ObjectToDelete(version.Key, random.Next(3) == 0 ? null : version.Id, WriteConditions.None);
        }

        return new ObjectToDelete(DrawKey(), random.Next(4) == 0 ? "null" : null, WriteConditions.None);
    }

    private bool TryDrawBucket(out string name)
    {
        name = Draw(BucketNames);
        return Model.Buckets.ContainsKey(name);
    }

    private bool TryDrawUpload(out string bucket, out string id, out ModelUpload upload)
    {
        (id, upload) = ("", new ModelUpload(""));
        if (!TryDrawBucket(out bucket) || Model.Buckets[bucket].Uploads.Count == 0)
        {
            return false;
        }

        (id, upload) = Model.Buckets[bucket].Uploads.ElementAt(random.Next(Model.Buckets[bucket].Uploads.Count));
        return true;
    }

    // Half of the time one of the first two, so that histories grow.
    private string DrawKey() => Keys[random.Next(2) == 0 ? random.Next(2) : random.Next(Keys.Length)];

    private T Draw<T>(T[] values) => values[random.Next(values.Length)];

#pragma warning disable CA5351 // S3's ETag.
    private string NewETag() => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes($"{_names++}")));
#pragma warning restore CA5351
}
