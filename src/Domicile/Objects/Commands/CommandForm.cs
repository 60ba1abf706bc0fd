using System.Text;
using System.Text.RegularExpressions;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects.Commands;

/// <summary>
/// Checks of a command that need no state. The S3 endpoint checks more and says it better; but a command may have come
/// over the link, and what would not fit into a row must not reach one.
/// </summary>
internal static partial class CommandForm
{
    /// <returns>The refusal; null where the command is well formed.</returns>
    public static Decision? Check(AccountCommand command)
        => command switch
        {
            CreateBucket create => CheckBucket(create.Name),
            PutObject put => CheckKey(put.Key) ?? CheckStaged(put.Staged) ?? CheckTags(put.Tags)
                ?? CheckTags(put.Headers.Metadata) ?? CheckETag(put.ETag) ?? CheckChecksums(put.Checksums),
            CopyObject copy => CheckKey(copy.Key) ?? CheckTags(copy.Tags) ?? CheckTags(copy.Headers?.Metadata),
            PutBucketTags tags => CheckTags(tags.Tags),
            PutObjectTags tags => CheckTags(tags.Tags),
            PutBucketVersioning versioning when !Enum.IsDefined(versioning.Versioning)
                => Decision.Refuse("InvalidArgument", "The versioning is unknown."),
            DeleteObject delete => CheckKey(delete.Key),
            DeleteObjects delete => delete.Objects.Count > ObjectLimits.DeletesMax || delete.Objects.Contains(null!)
                ? Decision.Refuse("MalformedXML", $"At most {ObjectLimits.DeletesMax} objects may be deleted at once.")
                : delete.Objects.Select(o => CheckKey(o.Key)).FirstOrDefault(refusal => refusal is not null),
            CreateUpload create => CheckKey(create.Key) ?? CheckUploadId(create.UploadId) ?? CheckTags(create.Tags)
                ?? CheckTags(create.Headers.Metadata) ?? CheckAlgorithm(create.ChecksumAlgorithm),
            PutPart part => CheckNumber(part.Number) ?? CheckStaged(part.Staged) ?? CheckETag(part.ETag)
                ?? CheckChecksums(part.Checksum),
            CopyPart part => CheckNumber(part.Number) ?? CheckETag(part.ETag) ?? CheckChecksums(part.Checksum),
            CompleteUpload complete => complete.Parts.Contains(null!)
                ? Decision.Refuse("MalformedXML")
                : CheckChecksums(complete.Checksum),
            AddCredential add when add.Credential.Label.Length > ObjectLimits.CredentialLabelCharsMax
                => Decision.Refuse("InvalidArgument", $"A label has at most {ObjectLimits.CredentialLabelCharsMax} characters."),
            _ => null,
        };

    private static Decision? CheckBucket(string name)
        => BucketName().IsMatch(name) ? null : Decision.Refuse("InvalidBucketName");

    private static Decision? CheckKey(string key)
        => key.Length == 0 || !IsText(key) ? Decision.Refuse("InvalidArgument", "The key is empty or not Unicode.")
            : Encoding.UTF8.GetByteCount(key) > ObjectLimits.KeyBytesMax ? Decision.Refuse("KeyTooLongError")
            : null;

    private static Decision? CheckUploadId(string uploadId)
        => UploadId().IsMatch(uploadId) ? null : Decision.Refuse("InvalidArgument", "The upload id is malformed.");

    // Its id becomes the name of a file. What lies inline is as long as its frames, or it can't be read.
    private static Decision? CheckStaged(StagedContent staged)
        => staged.LengthBytes is < 0 or > ObjectLimits.ObjectBytesMax ? Decision.Refuse("EntityTooLarge")
            : ContentId.IsValid(staged.ContentId)
                && (staged.Inline is null || staged.Inline.Length == ContentLimits.FramesLength(staged.LengthBytes)) ? null
            : Decision.Refuse("InvalidRequest", "The staged content is malformed.");

    private static Decision? CheckNumber(int number)
        => number is >= 1 and <= ObjectLimits.PartsMax
            ? null
            : Decision.Refuse("InvalidArgument", $"Part numbers are 1 to {ObjectLimits.PartsMax}.");

    private static Decision? CheckETag(string etag)
        => etag.Length is > 0 and <= ObjectLimits.IdBytesMax && Ascii.IsValid(etag)
            ? null
            : Decision.Refuse("InvalidArgument", "The ETag is malformed.");

    private static Decision? CheckTags(IReadOnlyDictionary<string, string>? tags)
        => tags is null || tags.All(tag => tag.Value is not null && IsText(tag.Key) && IsText(tag.Value))
            ? null
            : Decision.Refuse("InvalidTag", "A tag or an entry of metadata is not Unicode.");

    private static Decision? CheckChecksums(Checksum? checksum) => CheckChecksums(checksum is null ? [] : [checksum]);

    private static Decision? CheckChecksums(IReadOnlyList<Checksum> checksums)
        => checksums.All(c => c is not null && Enum.IsDefined(c.Algorithm) && c.Value.Length <= ObjectLimits.IdBytesMax)
            ? null
            : Decision.Refuse("InvalidRequest", "A checksum is malformed.");

    private static Decision? CheckAlgorithm(ChecksumAlgorithm? algorithm)
        => algorithm is null || Enum.IsDefined(algorithm.Value)
            ? null
            : Decision.Refuse("InvalidRequest", "The checksum algorithm is unknown.");

    // Lone surrogates have no UTF-8.
    private static bool IsText(string text)
    {
        try
        {
            RowWriter.Utf8.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>AWS's rules for general purpose buckets, as far as they keep names out of other syntaxes.</summary>
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z")]
    private static partial Regex BucketName();

    [GeneratedRegex(@"\A[a-z2-7]{32,100}\z")]
    private static partial Regex UploadId();
}
