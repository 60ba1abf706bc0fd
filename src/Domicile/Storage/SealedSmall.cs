using System.Security.Cryptography;

namespace Domicile.Storage;

/// <summary>AES-256-GCM of a few bytes at a time under a key that many such share: random nonce, ciphertext, tag.</summary>
internal static class SealedSmall
{
    public const int NonceBytes = 12;
    public const int TagBytes = 16;

    /// <param name="purpose">Authenticated with the bytes, not stored: what opens for one purpose opens for no other.</param>
    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> plain)
    {
        var result = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = result.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, plain, result.AsSpan(NonceBytes, plain.Length), result.AsSpan(^TagBytes..), purpose);
        return result;
    }

    /// <returns>Bytes of what was sealed; null where it is too short to be anything sealed.</returns>
    public static int? PlainLength(ReadOnlySpan<byte> sealedBytes)
        => sealedBytes.Length - NonceBytes - TagBytes is var length and >= 0 ? length : null;

    /// <param name="plain">As long as <see cref="PlainLength"/> says; zeros where the answer is false.</param>
    /// <returns>False where the bytes are not what <see cref="Seal"/> gave for this key and purpose.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> sealedBytes, Span<byte> plain)
    {
        if (PlainLength(sealedBytes) != plain.Length)
        {
            return false;
        }

        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(
                sealedBytes[..NonceBytes], sealedBytes[NonceBytes..^TagBytes], sealedBytes[^TagBytes..], plain, purpose);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
