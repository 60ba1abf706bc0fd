using System.Security.Cryptography;
using Domicile.Objects.Rows;

namespace Domicile.Objects.Commands;

/// <summary>CompleteMultipartUpload: the parts become an object by reference, no byte is moved.</summary>
internal sealed class UploadCompletion(RowChanges changes)
{
    private readonly ObjectLookup _lookup = new(changes.Sql, changes.Account);

    public Decision Decide(CompleteUpload command)
    {
        if (_lookup.Bucket(command.Bucket) is not { } bucket)
        {
            return Decision.Refuse("NoSuchBucket");
        }

        if (_lookup.Upload(command.Bucket, command.Key, command.UploadId) is not { } upload)
        {
            return FindCompleted(bucket, command) is { } done
                ? new Decision.Answer(VersionWrite.Answer(bucket, done)) : Decision.Refuse("NoSuchUpload");
        }

        var stored = PartRow.List(changes.Sql, changes.Account, upload.UploadId, 0, ObjectLimits.PartsMax);
        if (RefuseList(command.Parts, stored) is { } refusal)
        {
            return refusal;
        }

        var byNumber = stored.ToDictionary(part => part.Number);
        var parts = command.Parts.Select(part => byNumber[part.Number]).ToList();
        var checksum = UploadChecksum.Of(upload.ToUpload(), parts, command.Checksum);
        var latest = _lookup.Version(command.Bucket, command.Key, null);
        return RefuseWhole(command, parts, checksum, latest) ?? new Decision.Change(seq =>
        {
            var row = VersionWrite.Add(changes, bucket, latest, command.Key, seq, Describe(upload, parts, checksum));
            UploadCommands.Delete(changes, upload, seq);
            return VersionWrite.Answer(bucket, row);
        });
    }

    // The answer to the first request may have been lost: the client tries again, and S3 says that it is done. An object of this
    // key that was made of just these parts, a short while ago, is what that request made. The account's rows alone tell, so a
    // repetition that meets the account at its next home is told the same.
    private VersionRow? FindCompleted(BucketRow bucket, CompleteUpload command)
    {
        var etag = ETagOf([.. command.Parts.Select(part => part.ETag.ToLowerInvariant())]);
        var sinceMs = (changes.Transaction.Now - ObjectLimits.CompletionRepeatedMax).ToUnixTimeMilliseconds();
        return VersionRow.ListNewest(changes.Sql, changes.Account, bucket.Name, command.Key, ObjectLimits.CompletionVersionsMax)
            .Find(version => !version.IsMarker && version.ETag == etag && version.ModifiedMs >= sinceMs
                && version.Parsed.PartSizes?.Count == command.Parts.Count
                && (command.SizeBytes ?? version.Size) == version.Size);
    }

    private static Decision? RefuseList(IReadOnlyList<PartToComplete> named, List<PartRow> stored)
    {
        if (named.Count is 0 or > ObjectLimits.PartsMax)
        {
            return Decision.Refuse("MalformedXML", $"An upload is completed from 1 to {ObjectLimits.PartsMax} parts.");
        }

        if (named.Zip(named.Skip(1)).Any(pair => pair.First.Number >= pair.Second.Number))
        {
            return Decision.Refuse("InvalidPartOrder");
        }

        var byNumber = stored.ToDictionary(part => part.Number);
        if (named.FirstOrDefault(part => !IsStored(part, byNumber.GetValueOrDefault(part.Number))) is { } wrong)
        {
            return Decision.Refuse("InvalidPart", $"Part {wrong.Number} was not uploaded, or with another ETag or checksum.");
        }

        var tooSmall = named.SkipLast(1).FirstOrDefault(part => byNumber[part.Number].Size < ObjectLimits.PartBytesMin);
        return tooSmall is null
            ? null
            : Decision.Refuse("EntityTooSmall", $"Part {tooSmall.Number} is shorter than 5 MiB and not the last.");
    }

    private static bool IsStored(PartToComplete named, PartRow? stored)
        => stored is not null && string.Equals(named.ETag, stored.ETag, StringComparison.OrdinalIgnoreCase)
            && (named.Checksum is null || stored.Parsed.Checksum is not { } checksum
                || checksum.Algorithm != named.Checksum.Algorithm || checksum.Value == named.Checksum.Value);

    private static Decision? RefuseWhole(
        CompleteUpload command, List<PartRow> parts, Checksum? checksum, VersionRow? latest)
    {
        var size = parts.Sum(part => part.Size);
        if (size > ObjectLimits.ObjectBytesMax || parts.Sum(part => part.Pieces.Count) > ObjectLimits.PiecesMax)
        {
            return Decision.Refuse("EntityTooLarge", "The parts are larger, or copied from more pieces, than one object may be.");
        }

        if (command.SizeBytes is { } expected && expected != size)
        {
            return Decision.Refuse("InvalidRequest", $"The parts have {size} bytes, not {expected}.");
        }

        if (command.Checksum is { } given && given.Algorithm == checksum?.Algorithm && !IsSame(given, checksum))
        {
            return Decision.Refuse("BadDigest", "The parts have another checksum.");
        }

        return Conditions.CheckWrite(command.Conditions, latest) is { } code ? Decision.Refuse(code) : null;
    }

    // Clients give a composite checksum with or without the number of parts.
    private static bool IsSame(Checksum given, Checksum computed)
        => given.Value == computed.Value || (computed.IsComposite && given.Value == computed.Value.Split('-')[0]);

    private static NewVersion Describe(UploadRow upload, List<PartRow> parts, Checksum? checksum)
    {
        var document = NewVersion.Describe(
            upload.Parsed.Headers ?? new ObjectHeaders(), checksum is null ? [] : [checksum],
            upload.Parsed.Tags ?? DocumentJson.NoTags, PieceRuns.Join(parts.Select(part => part.Pieces)),
            [.. parts.Select(part => part.Size)]);
        return new NewVersion(parts.Sum(part => part.Size), ETagOf([.. parts.Select(part => part.ETag)]), document);
    }

    /// <summary>S3's of a multipart object: MD5 of the parts' MD5s in binary, '-', their number.</summary>
#pragma warning disable CA5351 // S3's ETag is MD5; nothing rests on it here.
    private static string ETagOf(IReadOnlyList<string> parts)
        => $"{Convert.ToHexStringLower(MD5.HashData([.. parts.SelectMany(Digest)]))}-{parts.Count}";
#pragma warning restore CA5351

    // ETags of parts come from the S3 endpoint as MD5s; any other that got here still yields one stable ETag.
    private static byte[] Digest(string etag)
        => etag.Length == 32 && etag.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(etag)
            : System.Text.Encoding.ASCII.GetBytes(etag);
}
