using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Domicile.Proofs;

/// <summary>One signature line of a note.</summary>
/// <param name="KeyId">The first four bytes of SHA-256 of the signer's SubjectPublicKeyInfo, in hex.</param>
/// <param name="Signature">DER, for keys of ours; of any form for others.</param>
public sealed record NoteSignature(string Name, string KeyId, byte[] Signature);

/// <summary>
/// A text with signature lines: C2SP's signed note (https://c2sp.org/signed-note). Ours use its signature type 0x02,
/// ECDSA on P-256 over SHA-256 of the text, whose key id is the truncated SHA-256 of the DER SubjectPublicKeyInfo (for
/// this type neither the name nor the type byte goes into it). See docs/formats/checkpoint.md.
/// </summary>
/// <param name="Text">Ends in a newline.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    public const int LengthBytesMax = 128 * 1024;
    public const int SignaturesMax = 16;
    public const int NameLengthCharsMax = 128;

    private const int KeyIdLengthBytes = 4;
    private const string LineStart = "— "; // em dash, U+2014

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Signs a text.</summary>
    /// <exception cref="ArgumentException">The text or the name can't be in a note.</exception>
    public static SignedNote Sign(string text, string name, EcdsaSigner signer)
    {
        if (!IsText(text) || !IsName(name))
        {
            throw new ArgumentException($"A note of '{name}' can't be signed: its text or its name has forbidden characters.");
        }

        var signature = new NoteSignature(name, KeyIdOf(signer.PublicKey), signer.Sign(Utf8.GetBytes(text)));
        return new SignedNote(text, [signature]);
    }

    /// <summary>Reads a note. Nothing is verified yet.</summary>
    public static bool TryParse(string note, [NotNullWhen(true)] out SignedNote? parsed)
    {
        parsed = null;
        if (note.Length > LengthBytesMax || !IsText(note))
        {
            return false;
        }

        // The last empty line divides.
        var divider = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (divider < 0)
        {
            return false;
        }

        var lines = note[(divider + 2)..].Split('\n')[..^1];
        var signatures = lines.Take(SignaturesMax + 1).Select(ParseLine).ToArray();
        if (signatures.Length is > 0 and <= SignaturesMax && signatures.All(signature => signature is not null))
        {
            parsed = new SignedNote(note[..(divider + 1)], signatures!);
        }

        return parsed is not null;
    }

    /// <summary>
    /// Whether the key signed the note under this name. Lines of other keys are passed over, as the specification asks;
    /// a line that claims this name and key must verify.
    /// </summary>
    public bool IsSignedBy(string name, PublicKey key)
    {
        var keyId = KeyIdOf(key);
        var claimed = Signatures.Where(signature => signature.Name == name && signature.KeyId == keyId).ToArray();
        var text = Utf8.GetBytes(Text);
        return claimed.Length > 0 && claimed.All(signature => key.Verify(text, signature.Signature));
    }

    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
        {
            byte[] bytes = [.. Convert.FromHexString(signature.KeyId), .. signature.Signature];
            note.Append(LineStart).Append(signature.Name).Append(' ').Append(Convert.ToBase64String(bytes)).Append('\n');
        }

        return note.ToString();
    }

    internal static bool IsName(string name)
        => name.Length is > 0 and <= NameLengthCharsMax
            && !name.Any(c => c == '+' || char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c));

    private static NoteSignature? ParseLine(string line)
    {
        if (!line.StartsWith(LineStart, StringComparison.Ordinal)
            || line[LineStart.Length..].Split(' ') is not [var name, var base64]
            || !IsName(name)
            || !CanonicalText.TryFromBase64(base64, out var bytes)
            || bytes.Length <= KeyIdLengthBytes)
        {
            return null;
        }

        return new NoteSignature(name, Convert.ToHexStringLower(bytes, 0, KeyIdLengthBytes), bytes[KeyIdLengthBytes..]);
    }

    private static string KeyIdOf(PublicKey key) => key.KeyId[..(2 * KeyIdLengthBytes)];

    // Newlines are the only control characters of a note; half a surrogate pair has no UTF-8.
    private static bool IsText(string text)
        => text.EndsWith('\n')
            && !text.Any(c => c < ' ' && c != '\n')
            && !text.EnumerateRunes().Contains(Rune.ReplacementChar);
}
