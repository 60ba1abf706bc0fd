using Domicile.Proofs;

namespace Domicile.Ledger;

/// <summary>The root of a growing tree from its leaf hashes alone, in O(log n) memory: a hash for each set bit of the size.</summary>
internal sealed class LedgerHead
{
    private readonly List<byte[]> _fullSubtrees = []; // largest, that is leftmost, first

    public long Size { get; private set; }

    public void Append(byte[] leafHash)
    {
        var hash = leafHash;
        for (var size = Size; (size & 1) == 1; size >>= 1)
        {
            hash = MerkleTree.HashNode(_fullSubtrees[^1], hash);
            _fullSubtrees.RemoveAt(_fullSubtrees.Count - 1);
        }

        _fullSubtrees.Add(hash);
        Size++;
    }

    public byte[] Root() => LeafRange.Fold(_fullSubtrees);
}
