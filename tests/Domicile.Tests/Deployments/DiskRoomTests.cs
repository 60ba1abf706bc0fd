using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>File systems lie about their room: what they say is brought into bounds, and nothing is made of what they don't say.</summary>
public sealed class DiskRoomTests
{
    private const ulong MinusOne = ulong.MaxValue;
    private const long Unsaid = long.MaxValue;

    [Theory]
    [InlineData(4096, 1000, 10, 500, 20, 40_960, 20L)]
    [InlineData(4096, 1000, MinusOne, 500, MinusOne, 4_096_000, 500L)] // "-1 free"
    [InlineData(4096, 1000, 2000, 500, 600, 4_096_000, 500L)] // more free than there is
    [InlineData(4096, 1000, 0, 500, 0, 0, 0L)] // full
    [InlineData(0, 0, 0, 0, 0, Unsaid, null)] // says nothing, as /proc does
    [InlineData(0, 1000, 10, 500, 20, Unsaid, 20L)] // blocks of no size
    [InlineData(MinusOne, MinusOne, MinusOne, MinusOne, MinusOne, Unsaid, long.MaxValue)]
    public void What_a_file_system_says_is_brought_into_bounds(
        ulong each, ulong blocks, ulong available, ulong files, ulong availableFiles, long freeBytes, long? freeFiles)
    {
        var room = DiskRoom.Said(each, blocks, available, files, availableFiles);

        Assert.Equal((freeBytes, freeFiles), (room.FreeBytes, room.FreeFiles));
    }

    [Fact]
    public void A_file_system_without_a_size_is_not_taken_for_a_full_one()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "Only Linux has such a file system at hand.");

        Assert.Equal((Unsaid, null), (DiskRoom.Of("/proc").FreeBytes, DiskRoom.Of("/proc").FreeFiles));
    }
}
