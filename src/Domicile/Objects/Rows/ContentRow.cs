using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <summary>A stored content. Its count of references is each region's own and not in its canonical bytes.</summary>
/// <param name="Seq">Of the write that brought it; never changes.</param>
/// <param name="Inline">The encrypted frames, never none; empty where they are in a file.</param>
internal sealed record ContentRow(string Id, long Seq, long LengthBytes, ReadOnlyMemory<byte> Inline)
{
    public bool IsInline => !Inline.IsEmpty;

    public const string Select = "SELECT content, seq, length, inline FROM content";

    public static ContentRow Read(SqlRow reader)
        => new(
            reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2),
            reader.GetBytes(3));

    public static ContentRow? Find(Sql sql, AccountId account, string contentId)
        => sql.Single($"{Select} WHERE account = @p1 AND content = @p2", Read, account.Value, contentId);

    /// <summary>Its inline bytes are a part of <paramref name="row"/>, not copied.</summary>
    /// <exception cref="InvalidRowException">The bytes are not exactly one such row.</exception>
    public static ContentRow Decode(ReadOnlyMemory<byte> row)
    {
        var reader = new RowReader(RowKind.Content, row.Span);
        var id = reader.Text(ObjectLimits.IdBytesMax);
        var seq = reader.Number();
        var length = reader.Number();
        var isInline = reader.Flag();
        var inline = isInline ? row[^reader.Bytes(ObjectLimits.InlineBytesMax).Length..] : default;
        reader.End();
        reader.Require(ContentId.IsValid(id), "its id is none");
        reader.Require(length <= ObjectLimits.ObjectBytesMax, "it is larger than any object");
        reader.Require(
            !isInline || inline.Length == ContentLimits.FramesLength(length), "its frames are not as long as it says");
        return new ContentRow(id, seq, length, inline);
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(RowKind.Content);
        writer.Text(Id);
        writer.Number(Seq);
        writer.Number(LengthBytes);
        writer.Byte(IsInline ? (byte)1 : (byte)0);
        if (IsInline)
        {
            writer.Bytes(Inline.Span);
        }

        return writer.ToArray();
    }
}
