using System.Security.Cryptography;
using System.Text;
using Domicile.Deployments;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>
/// Who may use the API. Only hashes are kept; a token is at least 128 random bits (<see cref="TokenStrength"/>), so its hash
/// needs neither salt nor stretching.
/// </summary>
internal sealed class TokenBook(ControlDatabase database)
{
    public const string FirstLabel = "operator";

    public bool IsEmpty => database.Read(sql => sql.Scalar<long>("SELECT COUNT(*) FROM token")) == 0;

    /// <summary>Makes these the tokens of the configuration: those of labels that it doesn't name any more go.</summary>
    public Task PutConfiguredAsync(IReadOnlyDictionary<string, string> tokens, CancellationToken cancellationToken)
        => database.WriteAsync(
            sql =>
            {
                sql.Execute("DELETE FROM token WHERE label <> @p1", FirstLabel);
                foreach (var (label, token) in tokens)
                {
                    Put(sql, label, token);
                }

                return tokens.Count;
            },
            cancellationToken);

    /// <summary>Adds a token or replaces the one of the same label.</summary>
    public Task PutAsync(string label, string token, CancellationToken cancellationToken)
        => database.WriteAsync(sql => Put(sql, label, token), cancellationToken);

    /// <returns>The label of who holds the token; null where nobody does. The time taken doesn't say how near a guess was.</returns>
    public string? Find(string token)
    {
        if (token.Length > TokenStrength.CharsMax)
        {
            return null;
        }

        var presented = Hash(token);
        string? found = null;
        foreach (var (label, hash) in database.Read(sql => sql.List(
            "SELECT label, hash FROM token", row => (row.GetString(0), row.GetBytes(1)))))
        {
            found = CryptographicOperations.FixedTimeEquals(hash, presented) ? label : found;
        }

        return found;
    }

    private static int Put(Sql sql, string label, string token)
        => sql.Execute(
            "INSERT INTO token (label, hash) VALUES (@p1, @p2) ON CONFLICT (label) DO UPDATE SET hash = excluded.hash",
            label, Hash(token));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
