using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Tests.Deployments;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>Rule 10: an entry is taken if its epoch is newer, and nothing else; in memory and on disk alike.</summary>
public sealed class RegionDirectoryTests
{
    private static readonly AccountProfile Anna = new(AccountId.Parse("annaannaannaanna"), Country.Parse("IN"), null);
    private static readonly RegionName Beijing = RegionName.Parse("beijing");
    private static readonly RegionName Singapore = RegionName.Parse("singapore");

    [Theory]
    [InlineData(1, 8)] // an older epoch, though control's counter says that it came later
    [InlineData(1, 6)]
    [InlineData(2, 6)] // the same epoch, said earlier
    public void An_entry_of_no_newer_epoch_is_not_taken(long epoch, long version)
    {
        using var scratch = new ScratchDirectory();
        var known = new DirectoryEntry(Anna, Singapore, Epoch: 2, Version: 7);
        using (var directory = RegionDirectory.Open(scratch.Path))
        {
            directory.Take(new DirectoryUpdate([known], 0, null));
            directory.Take(new DirectoryUpdate([new DirectoryEntry(Anna, Beijing, epoch, version)], 0, null));
            Assert.Equal(known, directory.Find(Anna.Id));
        }

        using var reopened = RegionDirectory.Open(scratch.Path);
        Assert.Equal(known, reopened.Find(Anna.Id));
    }

    [Theory]
    [InlineData(3, 1, "beijing")] // an epoch that came earlier by control's counter is newer all the same
    [InlineData(2, 8, null)] // the end of an account, in its last epoch
    public void An_entry_of_a_newer_epoch_or_a_later_word_on_the_same_is_taken(long epoch, long version, string? home)
    {
        using var scratch = new ScratchDirectory();
        var newer = new DirectoryEntry(Anna, home is null ? null : RegionName.Parse(home), epoch, version);
        using (var directory = RegionDirectory.Open(scratch.Path))
        {
            directory.Take(new DirectoryUpdate([new DirectoryEntry(Anna, Singapore, Epoch: 2, Version: 7)], 0, null));
            directory.Take(new DirectoryUpdate([newer], 0, null));
            Assert.Equal(newer, directory.Find(Anna.Id));
        }

        using var reopened = RegionDirectory.Open(scratch.Path);
        Assert.Equal(newer, reopened.Find(Anna.Id));
    }
}
