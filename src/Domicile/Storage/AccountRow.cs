using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>The row that decides what this region may do with an account; see <see cref="Schema"/>.</summary>
/// <param name="Move">The move that the state belongs to; null where it belongs to none.</param>
/// <param name="Peer">Arriving: the source. Departing and departed: the target. Else null.</param>
/// <param name="Cursor">Arriving: the source's seq up to which all is stored here.</param>
/// <param name="Pulling">The move whose target follows this copy; null where none does.</param>
/// <param name="Versions">Versions and delete markers.</param>
/// <param name="Commits">How many commits have changed this row, in this region; never becomes fewer.</param>
/// <param name="Bytes">Of plain content, by versions and by parts of uploads under way; what two of them share counts twice.</param>
internal sealed record AccountRow(
    AccountProfile Profile, long Epoch, AccountState State, long Seq, ReadOnlyMemory<byte> Digest, Guid? Move,
    RegionName? Peer, long Cursor, Guid? Pulling, bool HasData, long Versions = 0, long Bytes = 0,
    long Commits = 0)
{
    public AccountId Account => Profile.Id;
}

/// <summary>Kinds of rows that make up an account. Numbers are on disk and on the wire: never renumber.</summary>
internal enum RowKind : byte
{
    /// <summary>Key: name.</summary>
    Bucket = 1,

    /// <summary>Key: bucket, NUL, born in decimal, NUL, object key.</summary>
    Version = 2,

    /// <summary>Key: bucket, NUL, upload id, NUL, object key.</summary>
    Upload = 3,

    /// <summary>Key: upload id, NUL, number.</summary>
    Part = 4,

    /// <summary>Key: access key id.</summary>
    Credential = 5,

    /// <summary>Key: content id. Not digested: versions and parts name their contents, whose frames authenticate themselves.</summary>
    Content = 6,
}
