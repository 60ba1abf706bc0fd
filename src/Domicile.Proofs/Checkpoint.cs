using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Domicile.Proofs;

/// <summary>
/// The head of the ledger at a size, as C2SP's tlog-checkpoint (https://c2sp.org/tlog-checkpoint): origin, size and
/// root, one on a line, in a <see cref="SignedNote"/>. See docs/formats/checkpoint.md.
/// </summary>
/// <param name="Origin">Names the ledger, and is its key's name in the note: no space, no '+'.</param>
/// <param name="Size">Number of leaves.</param>
/// <param name="Root">32 bytes, RFC 6962.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    public string ToText()
        => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    public SignedNote Sign(EcdsaSigner ledger) => SignedNote.Sign(ToText(), Origin, ledger);

    /// <summary>
    /// Reads the text of a note. Extension lines, which the specification advises against, are refused: nothing here
    /// writes them, and what isn't understood must not look verified.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (text.Split('\n') is [var origin, var sizeText, var rootText, ""]
            && SignedNote.IsName(origin)
            && long.TryParse(sizeText, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && sizeText == size.ToString(CultureInfo.InvariantCulture)
            && CanonicalText.TryFromBase64(rootText, out var root)
            && root.Length == MerkleTree.HashLengthBytes)
        {
            checkpoint = new Checkpoint(origin, size, root);
        }

        return checkpoint is not null;
    }

    /// <summary>Reads a note that this ledger's key must have signed under its origin; nothing else of it is believed.</summary>
    public static bool TryOpen(string note, PublicKey ledger, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = SignedNote.TryParse(note, out var parsed)
            && TryParse(parsed.Text, out var read)
            && parsed.IsSignedBy(read.Origin, ledger)
                ? read
                : null;
        return checkpoint is not null;
    }
}
