using System.Text;
using Domicile.Proofs;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Domicile.Tests.Proofs;

/// <summary>
/// The known tree of the certificate-transparency project: leaves, roots and proofs of its merkle_tree_test.cc, kept on
/// in transparency-dev/merkle (proof/verify_test.go, rfc6962/rfc6962_test.go).
/// </summary>
public sealed class MerkleTreeTests
{
    private static readonly string[] Leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly byte[][] LeafHashes =
        [.. Leaves.Select(leaf => MerkleTree.HashLeaf(Convert.FromHexString(leaf)))];

    public static TheoryData<int, int, string> InclusionProofs
        => new()
        {
            { 0, 1, "" },
            { 0, 2, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7" },
            { 2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
            {
                0, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
                    + " 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
                    + " 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
            },
            {
                5, 8, "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
                    + " ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
                    + " d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
            },
            {
                1, 5, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
                    + " 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
                    + " bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
            },
        };

    public static TheoryData<int, int, string> ConsistencyProofs
        => new()
        {
            { 1, 1, "" },
            {
                1, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
                    + " 5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
                    + " 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
            },
            {
                6, 8, "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
                    + " ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
                    + " d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
            },
            {
                2, 5, "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
                    + " bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
            },
            {
                6, 7, "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
                    + " b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
                    + " d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
            },
        };

    [Fact]
    public void A_leaf_is_hashed_as_in_the_reference()
        => Assert.Equal(
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
            Convert.ToHexStringLower(MerkleTree.HashLeaf("L123456"u8)));

    [Fact]
    public void Roots_are_those_of_the_reference_tree()
    {
        for (var size = 0; size < Roots.Length; size++)
        {
            Assert.Equal(Roots[size], Convert.ToHexStringLower(MerkleTree.Root(LeafHashes.AsSpan(0, size))));
            Assert.Equal(Roots[size], Convert.ToHexStringLower(FoldFullSubtrees(new LeafRange(0, size))));
        }
    }

    [Theory]
    [MemberData(nameof(InclusionProofs))]
    public void Inclusion_proofs_are_those_of_the_reference_tree(int index, int size, string expected)
    {
        byte[][] proof = [.. MerkleTree.InclusionPath(index, size).Select(FoldFullSubtrees)];

        Assert.Equal(expected, string.Join(' ', proof.Select(Convert.ToHexStringLower)));
        Assert.True(MerkleTree.VerifyInclusion(
            LeafHashes[index], index, size, proof, Convert.FromHexString(Roots[size])));
    }

    [Theory]
    [MemberData(nameof(ConsistencyProofs))]
    public void Consistency_proofs_are_those_of_the_reference_tree(int oldSize, int newSize, string expected)
    {
        byte[][] proof = [.. MerkleTree.ConsistencyPath(oldSize, newSize).Select(FoldFullSubtrees)];

        Assert.Equal(expected, string.Join(' ', proof.Select(Convert.ToHexStringLower)));
        Assert.True(VerifyConsistency(oldSize, newSize, proof));
    }

    [Fact]
    public void Every_leaf_of_every_tree_is_proven_in_its_own_place_only()
        => Prop.ForAll<PositiveInt, NonNegativeInt, NonNegativeInt>((leaves, indexSeed, otherSeed) =>
        {
            var hashes = HashesOf(leaves.Get);
            var (index, other) = (indexSeed.Get % hashes.Length, otherSeed.Get % hashes.Length);
            var root = MerkleTree.Root(hashes);
            byte[][] proof = [.. MerkleTree.InclusionPath(index, hashes.Length).Select(range => Fold(hashes, range))];

            return MerkleTree.VerifyInclusion(hashes[index], index, hashes.Length, proof, root)
                && (index == other || !MerkleTree.VerifyInclusion(hashes[index], other, hashes.Length, proof, root))
                && (index == other || !MerkleTree.VerifyInclusion(hashes[other], index, hashes.Length, proof, root))
                && RefusesInclusionWithChangedProof(hashes, index, proof, root);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_tree_begins_with_its_own_past_and_with_no_other()
        => Prop.ForAll<PositiveInt, NonNegativeInt>((leaves, oldSeed) =>
        {
            var hashes = HashesOf(leaves.Get);
            var oldSize = oldSeed.Get % (hashes.Length + 1);
            var (oldRoot, newRoot) = (MerkleTree.Root(hashes.AsSpan(0, oldSize)), MerkleTree.Root(hashes));
            byte[][] proof = [.. MerkleTree.ConsistencyPath(oldSize, hashes.Length).Select(range => Fold(hashes, range))];

            var changed = hashes.ToArray();
            changed[0] = MerkleTree.HashLeaf("another past"u8);
            var otherRoot = MerkleTree.Root(changed.AsSpan(0, oldSize));
            return MerkleTree.VerifyConsistency(oldSize, oldRoot, hashes.Length, newRoot, proof)
                && (oldSize == 0 || !MerkleTree.VerifyConsistency(oldSize, otherRoot, hashes.Length, newRoot, proof))
                && !MerkleTree.VerifyConsistency(oldSize, oldRoot, hashes.Length, newRoot, [.. proof, oldRoot])
                && (proof.Length == 0
                    || !MerkleTree.VerifyConsistency(oldSize, oldRoot, hashes.Length, newRoot, proof[..^1]));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(-1, 1)]
    public void Impossible_places_are_refused(long index, long size)
    {
        var some = MerkleTree.HashLeaf("some"u8);

        Assert.False(MerkleTree.VerifyInclusion(some, index, size, [], MerkleTree.EmptyRoot));
        Assert.False(MerkleTree.VerifyInclusion([], index, size, [], MerkleTree.EmptyRoot));
        Assert.False(MerkleTree.VerifyInclusion(some, index, size, [], []));
    }

    [Fact]
    public void Impossible_histories_are_refused()
    {
        var (one, two) = (Convert.FromHexString(Roots[1]), Convert.FromHexString(Roots[2]));

        Assert.True(MerkleTree.VerifyConsistency(0, MerkleTree.EmptyRoot, 2, two, []));
        Assert.True(MerkleTree.VerifyConsistency(0, MerkleTree.EmptyRoot, 0, MerkleTree.EmptyRoot, []));
        Assert.False(MerkleTree.VerifyConsistency(0, one, 2, two, []));
        Assert.False(MerkleTree.VerifyConsistency(0, MerkleTree.EmptyRoot, 0, two, []));
        Assert.False(MerkleTree.VerifyConsistency(0, MerkleTree.EmptyRoot, 1, one, [MerkleTree.EmptyRoot]));
        Assert.False(MerkleTree.VerifyConsistency(2, two, 1, one, []));
        Assert.False(MerkleTree.VerifyConsistency(1, one, 1, two, []));
        Assert.False(MerkleTree.VerifyConsistency(1, one, 1, one, [MerkleTree.EmptyRoot]));
        Assert.False(MerkleTree.VerifyConsistency(1, one, 2, two, []));
        Assert.False(MerkleTree.VerifyConsistency(1, one, 2, two, [[1, 2, 3]]));
        Assert.False(MerkleTree.VerifyConsistency(-1, one, 2, two, []));
    }

    [Fact]
    public void Proofs_in_the_largest_tree_stay_within_their_limit()
    {
        Assert.True(MerkleTree.InclusionPath(long.MaxValue - 1, long.MaxValue).Count <= 63);
        Assert.True(MerkleTree.InclusionPath(0, long.MaxValue).Count <= 63);
        Assert.True(MerkleTree.ConsistencyPath(long.MaxValue - 2, long.MaxValue).Count <= 64);
        Assert.False(MerkleTree.VerifyInclusion(
            MerkleTree.EmptyRoot, 5, long.MaxValue, [.. Enumerable.Repeat(MerkleTree.EmptyRoot, 200)], MerkleTree.EmptyRoot));
    }

    private static bool RefusesInclusionWithChangedProof(byte[][] hashes, int index, byte[][] proof, byte[] root)
    {
        IEnumerable<byte[][]> wrong =
        [
            [.. proof, root],
            [root, .. proof],
            [.. proof, []],
            .. proof.Length == 0 ? [] : new[] { proof[..^1], proof[1..], [.. proof[..^1], Flipped(proof[^1])] },
        ];
        return wrong.All(other => !MerkleTree.VerifyInclusion(hashes[index], index, hashes.Length, other, root));
    }

    private static byte[] Flipped(byte[] hash) => [(byte)(hash[0] ^ 8), .. hash[1..]];

    private static bool VerifyConsistency(int oldSize, int newSize, byte[][] proof)
        => MerkleTree.VerifyConsistency(
            oldSize, Convert.FromHexString(Roots[oldSize]), newSize, Convert.FromHexString(Roots[newSize]), proof);

    // The hash of a range as a log with a cache of full subtrees makes it.
    private static byte[] FoldFullSubtrees(LeafRange range) => Fold(LeafHashes, range);

    private static byte[] Fold(byte[][] leafHashes, LeafRange range)
        => LeafRange.Fold(
        [
            .. range.Nodes().Select(node
                => MerkleTree.Root(leafHashes.AsSpan((int)(node.Index << node.Level), 1 << node.Level))),
        ]);

    private static byte[][] HashesOf(int leaves)
        => [.. Enumerable.Range(0, leaves).Select(i => MerkleTree.HashLeaf(Encoding.UTF8.GetBytes($"leaf {i}")))];
}
