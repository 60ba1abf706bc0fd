using System.Security.Cryptography;
using System.Text;

namespace Domicile.Proofs.Statements;

/// <summary>
/// What a statement is about, by a digest. An account is named only by a salted commitment: who doesn't hold the salt
/// learns nothing from it, so the ledger holds no personal data, and destroying the salt ends the link for ever.
/// </summary>
/// <param name="Name"><c>account</c> or <c>policy</c>.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record Subject(string Name, string Sha256)
{
    public const int SaltLengthBytes = 32;

    private const string AccountName = "account";
    private const string PolicyName = "policy";

    internal bool IsAccount => Name == AccountName;

    /// <summary>SHA-256 of the salt followed by the account id in UTF-8.</summary>
    /// <param name="salt"><see cref="SaltLengthBytes"/> random bytes, drawn once for the account and move, kept secret.</param>
    public static Subject Account(string account, ReadOnlySpan<byte> salt)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, SaltLengthBytes);
        return new Subject(AccountName, Hash([.. salt, .. Encoding.UTF8.GetBytes(account)]));
    }

    /// <summary>SHA-256 of the policy file.</summary>
    public static Subject Policy(ReadOnlySpan<byte> file) => new(PolicyName, Hash(file));

    internal string? Problem()
        => Name is AccountName or PolicyName ? Field.Sha256("subject", Sha256) : "the subject is no account and no policy";

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
