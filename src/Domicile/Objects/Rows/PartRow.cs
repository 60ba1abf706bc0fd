using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <param name="Document">A <see cref="PartDocument"/> in JSON.</param>
internal sealed record PartRow(
    string UploadId, int Number, long Seq, long Size, string ETag, long ModifiedMs, string Document)
    : IStoredRow<PartRow>
{
    // With the text it was read from: a copy of the record may have another.
    private (string Of, PartDocument Value) _parsed;

    public static RowKind Kind => RowKind.Part;

    public static string Select => "SELECT upload, number, seq, size, etag, modified_ms, document FROM part";

    public static string PrimaryKey => "upload, number";

    public string Key => $"{UploadId}\0{RowKeys.Number(Number)}";

    public PartDocument Parsed
    {
        get
        {
            if (!ReferenceEquals(_parsed.Of, Document))
            {
                _parsed = (Document, DocumentJson.Read(Document, DocumentJson.Default.PartDocument));
            }

            return _parsed.Value;
        }
    }

    public IReadOnlyList<ContentPiece> Pieces => Parsed.Pieces ?? [];

    public RowSize Holds => new(0, Size);

    public static PartRow Read(SqlRow reader)
        => new(
            reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetString(4),
            reader.GetInt64(5), reader.GetString(6));

    public static PartRow? Find(Sql sql, AccountId account, string key)
    {
        var parts = RowKeys.Split(key, 2);
        return Find(sql, account, parts[0], RowKeys.Number(parts[1]));
    }

    public static PartRow? Find(Sql sql, AccountId account, string upload, long number)
        => sql.Single(
            $"{Select} WHERE account = @p1 AND upload = @p2 AND number = @p3", Read, account.Value, upload, number);

    /// <summary>The parts after a number, in order.</summary>
    public static List<PartRow> List(Sql sql, AccountId account, string upload, int afterNumber, int countMax)
        => sql.List(
            $"{Select} WHERE account = @p1 AND upload = @p2 AND number > @p3 ORDER BY number LIMIT @p4", Read,
            account.Value, upload, afterNumber, countMax);

    public static PartRow Decode(ReadOnlySpan<byte> row)
    {
        var reader = new RowReader(Kind, row);
        var upload = reader.Text(ObjectLimits.IdBytesMax);
        var number = reader.Number();
        reader.Require(upload.Length > 0 && !upload.Contains('\0', StringComparison.Ordinal), "it has no upload");
        reader.Require(number is >= 1 and <= ObjectLimits.PartsMax, "its number is out of range");
        var part = new PartRow(
            upload, (int)number, reader.Number(), reader.Number(), reader.Text(ObjectLimits.IdBytesMax), reader.Number(),
            reader.Text(ObjectLimits.DocumentBytesMax));
        reader.End();
        reader.Require(part.Size <= ObjectLimits.ObjectBytesMax, "it is larger than any object");
        DocumentJson.Check(part.Parsed.Pieces, part.Size);
        DocumentJson.Check(part.Parsed.Checksum is { } checksum ? [checksum] : []);
        return part;
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(Kind);
        writer.Text(UploadId);
        writer.Number(Number);
        writer.Number(Seq);
        writer.Number(Size);
        writer.Text(ETag);
        writer.Number(ModifiedMs);
        writer.Text(Document);
        return writer.ToArray();
    }

    public bool TryAdd(Sql sql, AccountId account)
        => sql.Execute(
            """
            INSERT INTO part (account, upload, number, seq, size, etag, modified_ms, document)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8) ON CONFLICT (account, upload, number) DO NOTHING
            """,
            account.Value, UploadId, Number, Seq, Size, ETag, ModifiedMs, Document) == 1;

    public void Replace(Sql sql, AccountId account)
        => sql.Execute(
            """
            UPDATE part SET seq = @p4, size = @p5, etag = @p6, modified_ms = @p7, document = @p8
            WHERE account = @p1 AND upload = @p2 AND number = @p3
            """,
            account.Value, UploadId, Number, Seq, Size, ETag, ModifiedMs, Document);

    public void Remove(Sql sql, AccountId account)
        => sql.Execute(
            "DELETE FROM part WHERE account = @p1 AND upload = @p2 AND number = @p3", account.Value, UploadId, Number);

    public UploadPart ToPart()
        => new(Number, Size, ETag, DateTimeOffset.FromUnixTimeMilliseconds(ModifiedMs), Parsed.Checksum, Pieces);
}
