using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <param name="Document">An <see cref="UploadDocument"/> in JSON.</param>
internal sealed record UploadRow(string Bucket, string Name, string UploadId, long Seq, long InitiatedMs, string Document)
    : IStoredRow<UploadRow>
{
    // With the text it was read from: a copy of the record may have another.
    private (string Of, UploadDocument Value) _parsed;

    public static RowKind Kind => RowKind.Upload;

    public static string Select => "SELECT bucket, name, upload, seq, initiated_ms, document FROM upload";

    public static string PrimaryKey => "bucket, name, upload";

    public string Key => RowKeys.Join(Bucket, UploadId, Name);

    public UploadDocument Parsed
    {
        get
        {
            if (!ReferenceEquals(_parsed.Of, Document))
            {
                _parsed = (Document, DocumentJson.Read(Document, DocumentJson.Default.UploadDocument));
            }

            return _parsed.Value;
        }
    }

    public IReadOnlyList<ContentPiece> Pieces => [];

    public static UploadRow Read(SqlRow reader)
        => new(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4),
            reader.GetString(5));

    public static UploadRow? Find(Sql sql, AccountId account, string key)
    {
        var parts = RowKeys.Split(key, 3);
        return Find(sql, account, parts[0], parts[2], parts[1]);
    }

    public static UploadRow? Find(Sql sql, AccountId account, string bucket, string name, string upload)
        => sql.Single(
            $"{Select} WHERE account = @p1 AND bucket = @p2 AND name = @p3 AND upload = @p4", Read,
            account.Value, bucket, name, upload);

    public static UploadRow Decode(ReadOnlySpan<byte> row)
    {
        var reader = new RowReader(Kind, row);
        var upload = new UploadRow(
            reader.Text(ObjectLimits.IdBytesMax), reader.Text(ObjectLimits.KeyBytesMax), reader.Text(ObjectLimits.IdBytesMax),
            reader.Number(), reader.Number(), reader.Text(ObjectLimits.DocumentBytesMax));
        reader.End();
        reader.Require(upload.Bucket.Length > 0 && !upload.Bucket.Contains('\0', StringComparison.Ordinal), "it has no bucket");
        reader.Require(upload.Name.Length > 0, "it has no key");
        reader.Require(upload.UploadId.Length > 0 && !upload.UploadId.Contains('\0', StringComparison.Ordinal), "it has no id");
        var algorithm = upload.Parsed.ChecksumAlgorithm;
        reader.Require(algorithm is null || Enum.IsDefined(algorithm.Value), "its checksum algorithm is unknown");
        DocumentJson.Check(upload.Parsed.Tags);
        DocumentJson.Check(upload.Parsed.Headers?.Metadata);
        return upload;
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(Kind);
        writer.Text(Bucket);
        writer.Text(Name);
        writer.Text(UploadId);
        writer.Number(Seq);
        writer.Number(InitiatedMs);
        writer.Text(Document);
        return writer.ToArray();
    }

    public bool TryAdd(Sql sql, AccountId account)
        => sql.Execute(
            """
            INSERT INTO upload (account, bucket, name, upload, seq, initiated_ms, document)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7) ON CONFLICT (account, bucket, name, upload) DO NOTHING
            """,
            account.Value, Bucket, Name, UploadId, Seq, InitiatedMs, Document) == 1;

    public void Replace(Sql sql, AccountId account)
        => sql.Execute(
            """
            UPDATE upload SET seq = @p5, initiated_ms = @p6, document = @p7
            WHERE account = @p1 AND bucket = @p2 AND name = @p3 AND upload = @p4
            """,
            account.Value, Bucket, Name, UploadId, Seq, InitiatedMs, Document);

    public void Remove(Sql sql, AccountId account)
        => sql.Execute(
            "DELETE FROM upload WHERE account = @p1 AND bucket = @p2 AND name = @p3 AND upload = @p4",
            account.Value, Bucket, Name, UploadId);

    public Upload ToUpload()
        => new(
            Bucket, Name, UploadId, DateTimeOffset.FromUnixTimeMilliseconds(InitiatedMs),
            Parsed.Headers ?? new ObjectHeaders(), Parsed.Tags ?? DocumentJson.NoTags, Parsed.ChecksumAlgorithm,
            Parsed.ChecksumIsComposite);
}
