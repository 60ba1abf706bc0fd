using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Domicile.Storage;

/// <summary>
/// Encrypts and opens the frames of one content: AES-256-GCM under the content's own key, the nonce being the frame's
/// number and whether it is the last. So a frame moved, repeated, taken from another content or missing at the end fails.
/// No allocation per frame. Not thread-safe. See docs/formats/content.md.
/// </summary>
internal sealed class FrameCipher(AesGcm cipher) : IDisposable
{
    private const int NonceBytes = 12;

    /// <param name="destination">As long as <paramref name="plain"/> and the tag together.</param>
    public void Seal(long index, bool isLast, ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        Invariant.Check(plain.Length == ContentLimits.FrameBytes || (isLast && plain.Length < ContentLimits.FrameBytes));
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(index, isLast, nonce);
        cipher.Encrypt(nonce, plain, destination[..plain.Length], destination[plain.Length..]);
    }

    /// <param name="plain">As long as the frame without its tag; zeros where the answer is false.</param>
    /// <returns>False where the frame is not the one that was stored as this one.</returns>
    public bool TryOpen(long index, bool isLast, ReadOnlySpan<byte> frame, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(index, isLast, nonce);
        try
        {
            cipher.Decrypt(nonce, frame[..^ContentLimits.TagBytes], frame[^ContentLimits.TagBytes..], plain);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => cipher.Dispose();

    private static void WriteNonce(long index, bool isLast, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce, index);
        nonce[8] = isLast ? (byte)1 : (byte)0;
    }
}
