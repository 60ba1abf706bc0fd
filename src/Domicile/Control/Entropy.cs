using System.Buffers.Text;
using System.Security.Cryptography;
using Domicile.Accounts;

namespace Domicile.Control;

/// <summary>Draws what must not be guessed. Handed in, so that a simulation can repeat a run.</summary>
/// <param name="draw">Answers that many random bytes.</param>
internal sealed class Entropy(Func<int, byte[]> draw)
{
    public const int SaltLengthBytes = 32;
    public const int TokenLengthBytes = 32;

    /// <summary>The system's random numbers.</summary>
    public static Entropy System { get; } = new(RandomNumberGenerator.GetBytes);

    public AccountId DrawAccountId() => AccountId.FromRandom(draw(10));

    public byte[] DrawSalt() => draw(SaltLengthBytes);

    /// <summary>An access key whose secret has 240 bits: 40 characters of base64, as S3's have.</summary>
    public Credential DrawCredential(AccountId account, string label, DateTimeOffset now)
    {
        var id = AccessKey.NewId(account, draw(5));
        var random = draw(30);
        var secret = SecretBytes.OfLength(40);
        Base64.EncodeToUtf8(random, secret.Writable, out _, out var written);
        Invariant.Check(written == secret.LengthBytes);
        CryptographicOperations.ZeroMemory(random);
        return new Credential(id, secret, label, now);
    }

    /// <summary>A bearer token of 256 bits, in 52 characters of base 32.</summary>
    public string DrawToken() => Base32.Encode(draw(TokenLengthBytes));
}
