using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Domicile.Storage;

/// <summary>
/// Encrypts and opens the frames of one content: AES-256-GCM under the content's own key, the nonce being the frame's
/// number and whether it is the last. So a frame moved, repeated, taken from another content or missing at the end fails.
/// Encrypts under the account's newest key; opens under the one of its keys that the first frame is found to lie under.
/// No allocation per frame. Not thread-safe. See docs/formats/content.md.
/// </summary>
internal sealed class FrameCipher(KeyRing ring, string contentId) : IDisposable
{
    private const int NonceBytes = 12;

    private readonly AesGcm _newest = ring.Newest.OpenContentCipher(contentId);
    private AesGcm? _former;

    // A frame has opened. All frames of a content lie under one key: from here on no other is tried.
    private bool _isFound;

    /// <summary>Whether what was opened lies under a former key.</summary>
    public bool IsUnderFormerKey => _former is not null;

    /// <param name="destination">As long as <paramref name="plain"/> and the tag together.</param>
    public void Seal(long index, bool isLast, ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        Invariant.Check(plain.Length == ContentLimits.FrameBytes || (isLast && plain.Length < ContentLimits.FrameBytes));
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(index, isLast, nonce);
        _newest.Encrypt(nonce, plain, destination[..plain.Length], destination[plain.Length..]);
    }

    /// <param name="plain">As long as the frame without its tag; zeros where the answer is false.</param>
    /// <returns>False where the frame is not the one that was stored as this one.</returns>
    public bool TryOpen(long index, bool isLast, ReadOnlySpan<byte> frame, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(index, isLast, nonce);
        if (TryOpen(_former ?? _newest, nonce, frame, plain))
        {
            _isFound = true;
            return true;
        }

        return !_isFound && TryOpenUnderFormer(nonce, frame, plain);
    }

    public void Dispose()
    {
        _newest.Dispose();
        _former?.Dispose();
    }

    private bool TryOpenUnderFormer(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> frame, Span<byte> plain)
    {
        foreach (var key in ring.Keys[1..])
        {
            var cipher = key.OpenContentCipher(contentId);
            if (TryOpen(cipher, nonce, frame, plain))
            {
                (_former, _isFound) = (cipher, true);
                return true;
            }

            cipher.Dispose();
        }

        return false;
    }

    private static bool TryOpen(AesGcm cipher, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> frame, Span<byte> plain)
    {
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

    private static void WriteNonce(long index, bool isLast, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce, index);
        nonce[8] = isLast ? (byte)1 : (byte)0;
    }
}
