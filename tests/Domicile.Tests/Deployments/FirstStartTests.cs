using System.Runtime.Versioning;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>What is missing later is never taken for a first start.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FirstStartTests
{
    private static readonly ProcessRole Control = new ProcessRole.Control();
    private static readonly ProcessRole Beijing = new ProcessRole.Region(RegionName.Parse("beijing"));

    [Theory]
    [InlineData("control", "control.db")]
    [InlineData("control", "keys/signing.key")]
    [InlineData("control", "ca/ca.pem")]
    [InlineData("control", "ca/ca.key")]
    [InlineData("beijing", "keys/custodian.key")]
    [InlineData("beijing", "keys/signing.key")]
    public void A_lost_file_is_named_and_nothing_is_made_in_its_place(string process, string lost)
    {
        using var scratch = new ScratchDirectory();
        var role = process == "control" ? Control : Beijing;
        Assert.IsType<DataDirectoryResult.Opened>(DataDirectory.Open(scratch.Path, "demo", role)).Directory.Dispose();
        Used(scratch, process);
        FirstStart.End(scratch.Path, role);
        Assert.IsType<DataDirectoryResult.Opened>(DataDirectory.Open(scratch.Path, "demo", role)).Directory.Dispose();
        var file = Path.Combine(scratch.Path, process, lost);
        File.Delete(file);

        var refused = Assert.IsType<DataDirectoryResult.Refused>(DataDirectory.Open(scratch.Path, "demo", role));

        Assert.Contains($"{lost} is missing", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("from a backup", refused.Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    // Goal: directories of a release that left no mark are known by their data.
    [Fact]
    public void Data_without_a_mark_is_no_first_start_either()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("beijing/accounts/ab/abcdefgh/account.db", "rows");
        scratch.Write("control/control.db", "rows");

        Assert.Contains("custodian.key", FirstStart.TroubleOf(scratch.Path, Beijing), StringComparison.Ordinal);
        Assert.Contains("ca/ca.pem", FirstStart.TroubleOf(scratch.Path, Control), StringComparison.Ordinal);
    }

    // Goal: a first start that was broken off anywhere goes on.
    [Fact]
    public void A_first_start_that_was_broken_off_is_begun_again()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("beijing/keys/signing.key", "drawn");
        scratch.Write("control/ca/ca.pem", "drawn");

        Assert.Null(FirstStart.TroubleOf(scratch.Path, Beijing));
        Assert.Null(FirstStart.TroubleOf(scratch.Path, Control));
    }

    [Fact]
    public async Task Another_custodian_key_is_refused_before_anything_is_served()
    {
        using var scratch = new ScratchDirectory();
        (await LocalCustodian.OpenAsync(scratch.Path, default)).Dispose();
        var path = Path.Combine(scratch.Path, "keys", "custodian.key");
        var right = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        scratch.Write("keys/custodian.key", [(byte)(right[0] ^ 1), .. right[1..]]);

        var refused = await Assert.ThrowsAsync<StorageUnreadableException>(() => LocalCustodian.OpenAsync(scratch.Path, default));

        Assert.Contains("is not the key that this region began with", refused.Message, StringComparison.Ordinal);
        scratch.Write("keys/custodian.key", right);
        (await LocalCustodian.OpenAsync(scratch.Path, default)).Dispose();
    }

    private static void Used(ScratchDirectory scratch, string process)
    {
        foreach (var name in (string[])["control.db", "keys/signing.key", "keys/custodian.key", "ca/ca.pem", "ca/ca.key"])
        {
            scratch.Write($"{process}/{name}", "something");
        }
    }
}
