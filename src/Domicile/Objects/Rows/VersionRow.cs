using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <param name="Name">The object's key.</param>
/// <param name="Document">A <see cref="VersionDocument"/> in JSON.</param>
/// <param name="IsLatest">As stored; follows from the other rows of the key, so it is not part of the canonical bytes.</param>
internal sealed record VersionRow(
    string Bucket, string Name, long Born, string VersionId, long Seq, bool IsMarker, long ModifiedMs, long Size,
    string ETag, string Document, bool IsLatest = false)
    : IStoredRow<VersionRow>
{
    private const string OfKey = "WHERE account = @p1 AND bucket = @p2 AND name = @p3";

    // With the text it was read from: a copy of the record may have another.
    private (string Of, VersionDocument Value) _parsed;

    public static RowKind Kind => RowKind.Version;

    public static string Select
        => "SELECT bucket, name, born, version_id, seq, marker, modified_ms, size, etag, document, latest FROM version";

    public static string PrimaryKey => "bucket, name, born";

    public string Key => RowKeys.Join(Bucket, RowKeys.Number(Born), Name);

    public VersionDocument Parsed
    {
        get
        {
            if (!ReferenceEquals(_parsed.Of, Document))
            {
                _parsed = (Document, DocumentJson.Read(Document, DocumentJson.Default.VersionDocument));
            }

            return _parsed.Value;
        }
    }

    public IReadOnlyList<ContentPiece> Pieces => Parsed.Pieces ?? [];

    public RowSize Holds => new(1, Size);

    public static VersionRow Read(SqlRow reader)
        => new(
            reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3), reader.GetInt64(4),
            reader.GetInt64(5) != 0, reader.GetInt64(6), reader.GetInt64(7), reader.GetString(8), reader.GetString(9),
            reader.GetInt64(10) != 0);

    public static VersionRow? Find(Sql sql, AccountId account, string key)
    {
        var parts = RowKeys.Split(key, 3);
        return Find(sql, account, parts[0], parts[2], RowKeys.Number(parts[1]));
    }

    public static VersionRow? Find(Sql sql, AccountId account, string bucket, string name, long born)
        => sql.Single($"{Select} {OfKey} AND born = @p4", Read, account.Value, bucket, name, born);

    /// <summary>The newest version of a key, which may be a marker.</summary>
    public static VersionRow? FindLatest(Sql sql, AccountId account, string bucket, string name)
        => sql.Single($"{Select} {OfKey} ORDER BY born DESC LIMIT 1", Read, account.Value, bucket, name);

    /// <summary>The null version of a key: there is at most one. Costs the key's history where there is none.</summary>
    public static VersionRow? FindNull(Sql sql, AccountId account, string bucket, string name)
        => sql.Single(
            $"{Select} {OfKey} AND version_id = '{VersionIds.Null}' ORDER BY born DESC LIMIT 1", Read,
            account.Value, bucket, name);

    /// <summary>The newest versions of a key, newest first.</summary>
    public static List<VersionRow> ListNewest(Sql sql, AccountId account, string bucket, string name, int atMost)
        => sql.List($"{Select} {OfKey} ORDER BY born DESC LIMIT @p4", Read, account.Value, bucket, name, (long)atMost);

    public static VersionRow Decode(ReadOnlySpan<byte> row)
    {
        var reader = new RowReader(Kind, row);
        var version = new VersionRow(
            reader.Text(ObjectLimits.IdBytesMax), reader.Text(ObjectLimits.KeyBytesMax), reader.Number(),
            reader.Text(ObjectLimits.IdBytesMax), reader.Number(), reader.Flag(), reader.Number(), reader.Number(),
            reader.Text(ObjectLimits.IdBytesMax), reader.Text(ObjectLimits.DocumentBytesMax));
        reader.End();
        reader.Require(version.Bucket.Length > 0 && !version.Bucket.Contains('\0', StringComparison.Ordinal), "it has no bucket");
        reader.Require(version.Name.Length > 0, "it has no key");
        reader.Require(version.VersionId.Length > 0, "it has no version id");
        reader.Require(version.Born >= 1 && version.Born <= version.Seq, "it was born after its last change");
        reader.Require(version.Size <= ObjectLimits.ObjectBytesMax, "it is larger than any object");
        reader.Require(!version.IsMarker || version.Pieces.Count == 0, "it is a delete marker with content");
        reader.Require((version.Parsed.PartSizes?.Count ?? 0) <= ObjectLimits.PartsMax, "it has too many parts");
        DocumentJson.Check(version.Parsed.Pieces, version.Size);
        DocumentJson.Check(version.Parsed.Checksums ?? []);
        DocumentJson.Check(version.Parsed.Tags);
        DocumentJson.Check(version.Parsed.Headers?.Metadata);
        return version;
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(Kind);
        writer.Text(Bucket);
        writer.Text(Name);
        writer.Number(Born);
        writer.Text(VersionId);
        writer.Number(Seq);
        writer.Byte(IsMarker ? (byte)1 : (byte)0);
        writer.Number(ModifiedMs);
        writer.Number(Size);
        writer.Text(ETag);
        writer.Text(Document);
        return writer.ToArray();
    }

    // Only the key's newest row is ever touched besides this one: a history may be long.
    public bool TryAdd(Sql sql, AccountId account)
    {
        var newest = FindNewest(sql, account);
        var isAdded = sql.Execute(
            """
            INSERT INTO version (account, bucket, name, born, version_id, seq, latest, marker, modified_ms, size, etag, document)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12)
            ON CONFLICT (account, bucket, name, born) DO NOTHING
            """,
            account.Value, Bucket, Name, Born, VersionId, Seq, newest <= Born ? 1 : 0, IsMarker ? 1 : 0, ModifiedMs, Size,
            ETag, Document) == 1;
        if (isAdded && newest > 0 && newest < Born)
        {
            MarkLatest(sql, account, newest, 0);
        }

        return isAdded;
    }

    // Which row of a key is the latest depends on their births alone, so that stays.
    public void Replace(Sql sql, AccountId account)
        => sql.Execute(
            """
            UPDATE version SET version_id = @p5, seq = @p6, marker = @p7, modified_ms = @p8, size = @p9, etag = @p10, document = @p11
            WHERE account = @p1 AND bucket = @p2 AND name = @p3 AND born = @p4
            """,
            account.Value, Bucket, Name, Born, VersionId, Seq, IsMarker ? 1 : 0, ModifiedMs, Size, ETag, Document);

    public void Remove(Sql sql, AccountId account)
    {
        sql.Execute($"DELETE FROM version {OfKey} AND born = @p4", account.Value, Bucket, Name, Born);
        var newest = FindNewest(sql, account);
        if (newest > 0 && newest < Born)
        {
            MarkLatest(sql, account, newest, 1);
        }
    }

    public ObjectVersion ToVersion()
        => new()
        {
            Bucket = Bucket,
            Key = Name,
            VersionId = VersionId,
            Born = Born,
            ModifiedAt = DateTimeOffset.FromUnixTimeMilliseconds(ModifiedMs),
            IsLatest = IsLatest,
            IsDeleteMarker = IsMarker,
            SizeBytes = Size,
            ETag = ETag,
            Headers = Parsed.Headers ?? new ObjectHeaders(),
            Checksums = Parsed.Checksums ?? [],
            Tags = Parsed.Tags ?? DocumentJson.NoTags,
            Pieces = Pieces,
            PartSizes = Parsed.PartSizes ?? [],
        };

    /// <returns>The born of the key's newest row; 0 where it has none.</returns>
    private long FindNewest(Sql sql, AccountId account)
        => sql.Scalar<long>($"SELECT born FROM version {OfKey} ORDER BY born DESC LIMIT 1", account.Value, Bucket, Name);

    private void MarkLatest(Sql sql, AccountId account, long born, int latest)
        => sql.Execute(
            $"UPDATE version SET latest = @p5 {OfKey} AND born = @p4", account.Value, Bucket, Name, born, latest);
}
