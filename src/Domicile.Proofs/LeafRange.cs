using System.Numerics;

namespace Domicile.Proofs;

/// <summary>A full subtree: the 2^<paramref name="Level"/> leaves from <c>Index &lt;&lt; Level</c> on. Level 0 is a leaf.</summary>
public readonly record struct TreeNode(int Level, long Index);

/// <summary>
/// Leaves <paramref name="Start"/> to before <paramref name="End"/> that are one element of a proof. A log that keeps
/// the hashes of its full subtrees needs at most 63 of them for a range, whatever its length.
/// </summary>
public readonly record struct LeafRange(long Start, long End)
{
    /// <summary>The full subtrees that make up the range, from left to right, each smaller than the one before.</summary>
    public IEnumerable<TreeNode> Nodes()
    {
        for (var start = Start; start < End;)
        {
            var level = BitOperations.Log2((ulong)(End - start));
            yield return new TreeNode(level, start >> level);
            start += 1L << level;
        }
    }

    /// <summary>The hash of a range from the hashes of its <see cref="Nodes"/>, in their order.</summary>
    public static byte[] Fold(IReadOnlyList<byte[]> nodeHashes)
    {
        if (nodeHashes.Count == 0)
        {
            return MerkleTree.EmptyRoot;
        }

        var hash = nodeHashes[^1];
        for (var i = nodeHashes.Count - 2; i >= 0; i--)
        {
            hash = MerkleTree.HashNode(nodeHashes[i], hash);
        }

        return hash;
    }
}
