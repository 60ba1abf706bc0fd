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
        using (var replica = RegionDirectory.Open(directory.Path, TestDeployment.Members))
        {
            replica.Take(Update(known));
            replica.Take(Update(new DirectoryEntry(account, Beijing, epoch, version)));
            Assert.Equal(known, replica.Find(account.Id));
        }

        using var reopened = RegionDirectory.Open(directory.Path, TestDeployment.Members);
        Assert.Equal(known, reopened.Find(account.Id));
    }

    // Goal: what a former release let other regions write is corrected by control, whatever epoch they had named.
    // Method: the file as such a release left it: no format number, an entry of an epoch that control never gave.
    [Fact]
    public void What_other_regions_wrote_in_a_former_release_is_corrected_by_control()
    {
        using var directory = new ScratchDirectory();
        var account = Profile();
        using (var replica = RegionDirectory.Open(directory.Path, TestDeployment.Members))
        {
            replica.Take(Update(new DirectoryEntry(account, Singapore, 999_999, 4)));
        }

        var former = SqliteEngine.OpenFile(Path.Combine(directory.Path, RegionDirectory.FileName), RegionDirectory.Format);
        former.ExecuteOnce("PRAGMA user_version=0");
        SqliteEngine.Close(former);

        using var upgraded = RegionDirectory.Open(directory.Path, TestDeployment.Members);
        Assert.Equal(Singapore, upgraded.Find(account.Id)!.Home);
        Assert.Equal(0, upgraded.Version);
        upgraded.Take(Update(new DirectoryEntry(account, Beijing, 1, 4)));
        Assert.Equal(Beijing, upgraded.Find(account.Id)!.Home);
    }

    [Fact]
    public void Regions_that_control_does_not_name_are_no_members_also_after_a_restart()
    {
        using var directory = new ScratchDirectory();
        using (var replica = RegionDirectory.Open(directory.Path, TestDeployment.Members))
        {
            Assert.True(IsMember(replica, Singapore));
            replica.Take(new DirectoryUpdate([], 0, null, [Beijing, Singapore]));
            replica.Take(new DirectoryUpdate([], 0, null, [Beijing]));
            replica.Take(new DirectoryUpdate([], 0, null));
            Assert.True(IsMember(replica, Beijing));
            Assert.False(IsMember(replica, Singapore));
        }

        using var reopened = RegionDirectory.Open(directory.Path, TestDeployment.Members);
        Assert.True(IsMember(reopened, Beijing));
        Assert.False(IsMember(reopened, Singapore));
    }

    [Fact]
    public void What_control_says_of_regions_goes_before_the_own_config_also_after_a_restart()
    {
        using var directory = new ScratchDirectory();
        var moved = TestDeployment.Members[1] with { Endpoint = new Uri("https://new.example"), Hosts = ["s3.new.example"] };
        var added = TestDeployment.MemberOf(moved.Facts with { Name = RegionName.Parse("frankfurt"), Country = Country.Parse("DE") });
        using (var replica = RegionDirectory.Open(directory.Path, TestDeployment.Members))
        {
            replica.Take(new DirectoryUpdate([], 0, null, [Beijing, Singapore, added.Name], [TestDeployment.Members[0], moved, added], "one"));
            Assert.Equal("one", replica.MembersTag);
            AssertKnown(replica);
        }

        using var reopened = RegionDirectory.Open(directory.Path, TestDeployment.Members);
        AssertKnown(reopened);
        Assert.Null(reopened.MembersTag);

        void AssertKnown(RegionDirectory replica)
        {
            Assert.Equal([Beijing, Singapore, added.Name], replica.Members.Select(member => member.Name));
            Assert.Equal(moved.ToJson(), replica.FindMember(Singapore)!.ToJson());
            Assert.Equal(added.ToJson(), replica.FindMember(added.Name)!.ToJson());
        }
    }

    // Goal: a control of a former release tells names alone: of those the own config knows the rest, and of others nobody.
    [Fact]
    public void Of_a_name_alone_the_own_config_says_the_rest()
    {
        using var directory = new ScratchDirectory();
        using var replica = RegionDirectory.Open(directory.Path, TestDeployment.Members);

        replica.Take(new DirectoryUpdate([], 0, null, [Singapore, RegionName.Parse("frankfurt")]));

        Assert.Equal([TestDeployment.Members[1]], replica.Members);
    }

    // Goal: what no control says is not taken, not even in part. Method: as JSON brings it, where null may stand for anything.
    [Theory]
    [InlineData("\"peer\":\"https", "\"peer\":\"http")]
    [InlineData("\"peer\":\"https://singapore.example:19000\"", "\"peer\":\"singapore\"")]
    [InlineData("\"hosts\":[\"s3.example.com\"]", "\"hosts\":[null]")]
    [InlineData("\"hosts\":[\"s3.example.com\"]", "\"hosts\":null")]
    [InlineData("\"name\":\"Owner\"", "\"name\":null")]
    [InlineData("\"kind\":\"local\"", "\"kind\":\"\"")]
    public void A_region_that_is_none_is_refused_and_nothing_is_changed(string part, string instead)
    {
        using var directory = new ScratchDirectory();
        using var replica = RegionDirectory.Open(directory.Path, TestDeployment.Members);
        var json = TestDeployment.Members[1].ToJson();
        Assert.Contains(part, json, StringComparison.Ordinal);
        var broken = System.Text.Json.JsonSerializer.Deserialize(
            json.Replace(part, instead, StringComparison.Ordinal), MovesJson.Default.RegionMember)!;

        Assert.Throws<FormatException>(
            () => replica.Take(new DirectoryUpdate([Entry()], 0, null, [Singapore], [TestDeployment.Members[0], broken], "one")));

        Assert.Equal(TestDeployment.Members, replica.Members);
        Assert.Equal(0, replica.Version);

        static DirectoryEntry Entry() => new(Profile(), Singapore, 1, 7);
    }

    private static bool IsMember(RegionDirectory replica, RegionName region) => replica.FindMember(region) is not null;

    private static DirectoryUpdate Update(DirectoryEntry entry) => new([entry], 0, null);

    private static AccountProfile Profile()
        => new(AccountId.FromRandom(RandomNumberGenerator.GetBytes(10)), Country.Parse("IN"), null);
}
