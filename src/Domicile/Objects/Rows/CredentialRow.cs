using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <param name="Secret">Sealed under the account's key.</param>
internal sealed record CredentialRow(string AccessKeyId, long Seq, long CreatedMs, string Label, byte[] Secret)
    : IStoredRow<CredentialRow>
{
    public static RowKind Kind => RowKind.Credential;

    public static string Select => "SELECT access_key, seq, created_ms, label, secret FROM credential";

    public static string PrimaryKey => "access_key";

    public string Key => AccessKeyId;

    public IReadOnlyList<ContentPiece> Pieces => [];

    public static CredentialRow Read(SqlRow reader)
        => new(
            reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetString(3),
            reader.GetBytes(4));

    public static CredentialRow? Find(Sql sql, AccountId account, string key)
        => sql.Single($"{Select} WHERE account = @p1 AND access_key = @p2", Read, account.Value, key);

    public static CredentialRow Decode(ReadOnlySpan<byte> row)
    {
        var reader = new RowReader(Kind, row);
        var credential = new CredentialRow(
            reader.Text(ObjectLimits.IdBytesMax), reader.Number(), reader.Number(),
            reader.Text(ObjectLimits.CredentialLabelCharsMax * 4), reader.Bytes(ObjectLimits.SecretBytesMax).ToArray());
        reader.End();
        reader.Require(credential.AccessKeyId.Length > 0, "it has no access key id");
        return credential;
    }

    public byte[] Encode()
    {
        var writer = new RowWriter(Kind);
        writer.Text(AccessKeyId);
        writer.Number(Seq);
        writer.Number(CreatedMs);
        writer.Text(Label);
        writer.Bytes(Secret);
        return writer.ToArray();
    }

    public bool TryAdd(Sql sql, AccountId account)
        => sql.Execute(
            """
            INSERT INTO credential (account, access_key, seq, created_ms, label, secret)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6) ON CONFLICT (account, access_key) DO NOTHING
            """,
            account.Value, AccessKeyId, Seq, CreatedMs, Label, Secret) == 1;

    public void Replace(Sql sql, AccountId account)
        => sql.Execute(
            """
            UPDATE credential SET seq = @p3, created_ms = @p4, label = @p5, secret = @p6
            WHERE account = @p1 AND access_key = @p2
            """,
            account.Value, AccessKeyId, Seq, CreatedMs, Label, Secret);

    public void Remove(Sql sql, AccountId account)
        => sql.Execute("DELETE FROM credential WHERE account = @p1 AND access_key = @p2", account.Value, AccessKeyId);
}
