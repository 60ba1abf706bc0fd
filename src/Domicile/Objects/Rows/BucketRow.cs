using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <param name="CreatedMs">Since 1970 in UTC, as all times in rows.</param>
/// <param name="Tags">JSON.</param>
internal sealed record BucketRow(string Name, long Seq, long CreatedMs, Versioning Versioning, string Tags)
    : IStoredRow<BucketRow>
{
    public static RowKind Kind => RowKind.Bucket;

    public static string Select => "SELECT name, seq, created_ms, versioning, tags FROM bucket";

    public static string PrimaryKey => "name";

    public string Key => Name;

    public IReadOnlyList<ContentPiece> Pieces => [];

    public static BucketRow Read(SqlRow reader)
        => new(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), (Versioning)reader.GetByte(3), reader.GetString(4));

    public static BucketRow? Find(Sql sql, AccountId account, string key)
        => sql.Single($"{Select} WHERE account = @p1 AND name = @p2", Read, account.Value, key);

    public static BucketRow Decode(ReadOnlySpan<byte> row)
    {
        var reader = new RowReader(Kind, row);
        var name = reader.Text(ObjectLimits.IdBytesMax);
        var seq = reader.Number();
        var created = reader.Number();
        var versioning = (Versioning)reader.Byte();
        var tags = reader.Text(ObjectLimits.DocumentBytesMax);
        reader.End();
        reader.Require(name.Length > 0 && !name.Contains('\0', StringComparison.Ordinal), "it has no proper name");
        reader.Require(Enum.IsDefined(versioning), "its versioning is unknown");
        DocumentJson.Check(DocumentJson.Read(tags, DocumentJson.Default.IReadOnlyDictionaryStringString));
        return new BucketRow(name, seq, created, versioning, tags);
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(Kind);
        writer.Text(Name);
        writer.Number(Seq);
        writer.Number(CreatedMs);
        writer.Byte((byte)Versioning);
        writer.Text(Tags);
        return writer.ToArray();
    }

    public bool TryAdd(Sql sql, AccountId account)
        => sql.Execute(
            """
            INSERT INTO bucket (account, name, seq, created_ms, versioning, tags) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)
            ON CONFLICT (account, name) DO NOTHING
            """,
            account.Value, Name, Seq, CreatedMs, (int)Versioning, Tags) == 1;

    public void Replace(Sql sql, AccountId account)
        => sql.Execute(
            """
            UPDATE bucket SET seq = @p3, created_ms = @p4, versioning = @p5, tags = @p6 WHERE account = @p1 AND name = @p2
            """,
            account.Value, Name, Seq, CreatedMs, (int)Versioning, Tags);

    public void Remove(Sql sql, AccountId account)
        => sql.Execute("DELETE FROM bucket WHERE account = @p1 AND name = @p2", account.Value, Name);

    public Bucket ToBucket()
        => new(
            Name, DateTimeOffset.FromUnixTimeMilliseconds(CreatedMs), Versioning,
            DocumentJson.Read(Tags, DocumentJson.Default.IReadOnlyDictionaryStringString));
}
