using System.Text.Json.Serialization;
using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Simulation.Clients;

/// <summary>What a client asks, as S3 would carry it.</summary>
/// <param name="AccessKey">Signs the request; the account is part of it.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Put), "Put")]
[JsonDerivedType(typeof(Delete), "Delete")]
[JsonDerivedType(typeof(Copy), "Copy")]
[JsonDerivedType(typeof(BeginUpload), "BeginUpload")]
[JsonDerivedType(typeof(PutPart), "PutPart")]
[JsonDerivedType(typeof(Complete), "Complete")]
[JsonDerivedType(typeof(Get), "Get")]
[JsonDerivedType(typeof(List), "List")]
[JsonDerivedType(typeof(ListVersions), "ListVersions")]
internal abstract record Request(AccountId Account, string AccessKey, [property: JsonIgnore] bool IsWrite)
{
    /// <param name="StallMs">How long the body takes to arrive.</param>
    public sealed record Put(
        AccountId Account, string AccessKey, string Bucket, string Key, long Value, int LengthBytes, int StallMs, bool OnlyIfAbsent)
        : Request(Account, AccessKey, true);

    public sealed record Delete(AccountId Account, string AccessKey, string Bucket, string Key)
        : Request(Account, AccessKey, true);

    public sealed record Copy(AccountId Account, string AccessKey, string Bucket, string From, string Key)
        : Request(Account, AccessKey, true);

    public sealed record BeginUpload(AccountId Account, string AccessKey, string Bucket, string Key, string UploadId)
        : Request(Account, AccessKey, true);

    public sealed record PutPart(
        AccountId Account, string AccessKey, string Bucket, string Key, string UploadId, int Number, long Value, int LengthBytes, int StallMs)
        : Request(Account, AccessKey, true);

    public sealed record Complete(AccountId Account, string AccessKey, string Bucket, string Key, string UploadId, IReadOnlyList<string> ETags)
        : Request(Account, AccessKey, true);

    public sealed record Get(AccountId Account, string AccessKey, string Bucket, string Key, int StallMs)
        : Request(Account, AccessKey, false);

    public sealed record List(AccountId Account, string AccessKey, string Bucket)
        : Request(Account, AccessKey, false);

    /// <summary>Every version of every key, newest first.</summary>
    public sealed record ListVersions(AccountId Account, string AccessKey, string Bucket)
        : Request(Account, AccessKey, false);
}

internal abstract record Reply
{
    public sealed record Written(CommandResult Result) : Reply;

    /// <param name="Value">0: there is no such object.</param>
    public sealed record Found(long Value) : Reply;

    /// <param name="Values">Key and value, in the order of the listing.</param>
    public sealed record Listed(IReadOnlyList<(string Key, long Value)> Values) : Reply;

    /// <summary>307, to a client; or, to the node that relayed, where the account is now.</summary>
    public sealed record Elsewhere(RegionName Home, long Epoch) : Reply;

    /// <summary>503 SlowDown.</summary>
    public sealed record Busy(string Reason) : Reply;

    /// <summary>403: the access key is not known.</summary>
    public sealed record Denied : Reply;

    /// <summary>No answer; for a write it may or may not have happened.</summary>
    public sealed record Silence : Reply;
}
