using Domicile.Accounts;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>Finds single things of an account, each by an index.</summary>
internal readonly struct ObjectLookup(Sql sql, AccountId account)
{
    public BucketRow? Bucket(string name) => BucketRow.Find(sql, account, name);

    /// <param name="versionId">Null: the newest version, which may be a delete marker.</param>
    public VersionRow? Version(string bucket, string key, string? versionId)
        => versionId switch
        {
            null => VersionRow.FindLatest(sql, account, bucket, key),
            VersionIds.Null => VersionRow.FindNull(sql, account, bucket, key),
            _ when VersionIds.TryGetBorn(versionId, out var born)
                && VersionRow.Find(sql, account, bucket, key, born) is { } version && version.VersionId == versionId => version,
            _ => null,
        };

    public UploadRow? Upload(string bucket, string key, string uploadId)
        => UploadRow.Find(sql, account, bucket, key, uploadId);
}
