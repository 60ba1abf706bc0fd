using System.Diagnostics.CodeAnalysis;

namespace Domicile.Accounts;

/// <summary>
/// An access key id: <c>DK</c>, the account id in upper case, 8 more characters. The account is part of it, so that
/// any node finds the account's home without knowing the credential.
/// </summary>
internal static class AccessKey
{
    public const int LengthChars = 2 + AccountId.LengthChars + 8;

    /// <param name="account">The account that the key belongs to.</param>
    /// <param name="random">Exactly 5 random bytes.</param>
    public static string NewId(AccountId account, ReadOnlySpan<byte> random)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(random.Length, 5);
        return $"DK{account.Value}{Base32.Encode(random)}".ToUpperInvariant();
    }

    public static bool TryGetAccount([NotNullWhen(true)] string? accessKeyId, out AccountId account)
    {
        account = default;
        return accessKeyId is { Length: LengthChars } && accessKeyId.StartsWith("DK", StringComparison.Ordinal)
            && accessKeyId.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c))
            && AccountId.TryParse(accessKeyId.Substring(2, AccountId.LengthChars).ToLowerInvariant(), out account);
    }
}

/// <summary>What an S3 client signs with. The secret never leaves the home region but with the account, encrypted.</summary>
/// <param name="AccessKeyId">See <see cref="AccessKey"/>.</param>
/// <param name="Secret">40 characters, UTF-8; the key of AWS Signature Version 4. Whoever has the credential disposes it.</param>
/// <param name="Label">What its owner calls it, such as a device's name; at most 128 characters.</param>
internal sealed record Credential(string AccessKeyId, SecretBytes Secret, string Label, DateTimeOffset CreatedAt) : IDisposable
{
    public void Dispose() => Secret.Dispose();
}
