using System.Data.Common;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <summary>A stored content. Its count of references is each region's own and not in its canonical bytes.</summary>
/// <param name="Seq">Of the write that brought it; never changes.</param>
/// <param name="Inline">The encrypted frames; null where they are in a file.</param>
internal sealed record ContentRow(string Id, long Seq, long LengthBytes, byte[]? Inline)
{
    public const string Select = "SELECT content, seq, length, inline FROM content";

    public static ContentRow Read(DbDataReader reader)
        => new(
            reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2),
            reader.IsDBNull(3) ? null : reader.GetFieldValue<byte[]>(3));

    public static ContentRow? Find(Sql sql, AccountId account, string contentId)
        => sql.Single($"{Select} WHERE account = @p1 AND content = @p2", Read, account.Value, contentId);

    /// <exception cref="InvalidRowException">The bytes are not exactly one such row.</exception>
    public static ContentRow Decode(ReadOnlySpan<byte> row)
    {
        var reader = new RowReader(RowKind.Content, row);
        var id = reader.Text(ObjectLimits.IdBytesMax);
        var seq = reader.Number();
        var length = reader.Number();
        var inline = reader.Flag() ? reader.Bytes(ObjectLimits.InlineBytesMax).ToArray() : null;
        reader.End();
        reader.Require(ContentId.IsValid(id), "its id is none");
        reader.Require(length <= ObjectLimits.ObjectBytesMax, "it is larger than any object");
        reader.Require(
            inline is null || inline.Length == ContentLimits.FramesLength(length), "its frames are not as long as it says");
        return new ContentRow(id, seq, length, inline);
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(RowKind.Content);
        writer.Text(Id);
        writer.Number(Seq);
        writer.Number(LengthBytes);
        writer.Byte(Inline is null ? (byte)0 : (byte)1);
        if (Inline is not null)
        {
            writer.Bytes(Inline);
        }

        return writer.ToArray();
    }
}
