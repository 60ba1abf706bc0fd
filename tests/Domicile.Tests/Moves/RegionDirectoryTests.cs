using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;
using Domicile.Tests.Deployments;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>A region's replica of what control says, in real files.</summary>
public sealed class RegionDirectoryTests
{
    private static readonly RegionName Beijing = TestDeployment.Beijing;
    private static readonly RegionName Singapore = TestDeployment.Singapore;

    // Rule 10 of docs/protocols/move.md.
    [Theory]
    [InlineData(1, 8)] // an older epoch, though control's counter says that it came later
    [InlineData(1, 6)]
    [InlineData(2, 6)] // the same epoch, said earlier
    public void An_entry_of_no_newer_epoch_is_not_taken(long epoch, long version)
    {
        using var directory = new ScratchDirectory();
        var account = Profile();
        var known = new DirectoryEntry(account, Singapore, 2, 7);
        using (var replica = RegionDirectory.Open(directory.Path))
        {
            replica.Take(Update(known));
            replica.Take(Update(new DirectoryEntry(account, Beijing, epoch, version)));
            Assert.Equal(known, replica.Find(account.Id));
        }

        using var reopened = RegionDirectory.Open(directory.Path);
        Assert.Equal(known, reopened.Find(account.Id));
    }

    // Goal: what a former release let other regions write is corrected by control, whatever epoch they had named.
    // Method: the file as such a release left it: no format number, an entry of an epoch that control never gave.
    [Fact]
    public void What_other_regions_wrote_in_a_former_release_is_corrected_by_control()
    {
        using var directory = new ScratchDirectory();
        var account = Profile();
        using (var replica = RegionDirectory.Open(directory.Path))
        {
            replica.Take(Update(new DirectoryEntry(account, Singapore, 999_999, 4)));
        }

        var former = SqliteEngine.OpenFile(Path.Combine(directory.Path, RegionDirectory.FileName), RegionDirectory.Format);
        former.ExecuteOnce("PRAGMA user_version=0");
        SqliteEngine.Close(former);

        using var upgraded = RegionDirectory.Open(directory.Path);
        Assert.Equal(Singapore, upgraded.Find(account.Id)!.Home);
        Assert.Equal(0, upgraded.Version);
        upgraded.Take(Update(new DirectoryEntry(account, Beijing, 1, 4)));
        Assert.Equal(Beijing, upgraded.Find(account.Id)!.Home);
    }

    [Fact]
    public void Regions_that_control_does_not_name_are_no_members_also_after_a_restart()
    {
        using var directory = new ScratchDirectory();
        using (var replica = RegionDirectory.Open(directory.Path))
        {
            Assert.True(replica.IsMember(Singapore));
            replica.Take(new DirectoryUpdate([], 0, null, [Beijing, Singapore]));
            replica.Take(new DirectoryUpdate([], 0, null, [Beijing]));
            replica.Take(new DirectoryUpdate([], 0, null));
            Assert.True(replica.IsMember(Beijing));
            Assert.False(replica.IsMember(Singapore));
        }

        using var reopened = RegionDirectory.Open(directory.Path);
        Assert.True(reopened.IsMember(Beijing));
        Assert.False(reopened.IsMember(Singapore));
    }

    private static DirectoryUpdate Update(DirectoryEntry entry) => new([entry], 0, null);

    private static AccountProfile Profile()
        => new(AccountId.FromRandom(RandomNumberGenerator.GetBytes(10)), Country.Parse("IN"), null);
}
