using System.Diagnostics;
using System.Runtime.Versioning;
using Domicile.Accounts;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>Whose a data directory is, and that only one process works on it.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DataDirectoryTests
{
    private static readonly ProcessRole Beijing = new ProcessRole.Region(RegionName.Parse("beijing"));
    private static readonly ProcessRole Singapore = new ProcessRole.Region(RegionName.Parse("singapore"));

    [Fact]
    public void A_new_directory_is_the_users_own_and_says_whose_it_is()
    {
        using var scratch = new ScratchDirectory();
        using var directory = Open(scratch.Path, "demo", Beijing);

        Assert.Equal(Path.Combine(scratch.Path, "beijing"), directory.Path);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory.Path));
        Assert.Equal(
            """{"format":1,"deployment":"demo","role":"region","region":"beijing"}""" + "\n",
            File.ReadAllText(Path.Combine(directory.Path, "domicile.json")));
    }

    [Fact]
    public void A_directory_is_open_once_and_again_after_it_is_closed()
    {
        using var scratch = new ScratchDirectory();
        using (Open(scratch.Path, "demo", Beijing))
        {
            Assert.Contains("is in use by another process", Refused(scratch.Path, "demo", Beijing), StringComparison.Ordinal);
            using var other = Open(scratch.Path, "demo", Singapore);
        }

        using var again = Open(scratch.Path, "demo", Beijing);
    }

    [Fact]
    public async Task A_lock_that_another_process_holds_counts_and_ends_with_that_process()
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Beijing).Dispose();
        var start = new ProcessStartInfo("python3")
        {
            ArgumentList =
            {
                "-c", "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.flock(f,fcntl.LOCK_EX); print('held',flush=True); sys.stdin.read()",
                Path.Combine(scratch.Path, "beijing", DataDirectory.LockFileName),
            },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var other = Process.Start(start)!;
        Assert.Equal("held", await other.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        Assert.Contains("is in use by another process", Refused(scratch.Path, "demo", Beijing), StringComparison.Ordinal);

        other.Kill();
        await other.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var directory = Open(scratch.Path, "demo", Beijing);
    }

    [Fact]
    public void Another_deployments_or_regions_or_a_newer_directory_is_refused_with_the_next_step()
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Beijing).Dispose();

        var reason = Refused(scratch.Path, "prod", Beijing);
        Assert.Contains(
            "belongs to region 'beijing' of deployment 'demo', not to region 'beijing' of deployment 'prod'; choose another",
            reason, StringComparison.Ordinal);

        Directory.Move(Path.Combine(scratch.Path, "beijing"), Path.Combine(scratch.Path, "singapore"));
        Assert.Contains("belongs to region 'beijing'", Refused(scratch.Path, "demo", Singapore), StringComparison.Ordinal);

        scratch.Write("singapore/domicile.json", """{"format":2,"deployment":"demo","role":"region","region":"singapore"}""");
        Assert.EndsWith("Run the newer version.", Refused(scratch.Path, "demo", Singapore), StringComparison.Ordinal);

        scratch.Write("singapore/domicile.json", """{"format":1,"deploym""");
        Assert.Contains("is damaged; restore it", Refused(scratch.Path, "demo", Singapore), StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_where_no_directory_can_be_is_refused()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("file", "");

        Assert.StartsWith(
            "can't create data directory", Refused(Path.Combine(scratch.Path, "file"), "demo", Beijing), StringComparison.Ordinal);
    }

    private static DataDirectory Open(string path, string deployment, ProcessRole role)
        => Assert.IsType<DataDirectoryResult.Opened>(DataDirectory.Open(path, deployment, role)).Directory;

    private static string Refused(string path, string deployment, ProcessRole role)
        => Assert.IsType<DataDirectoryResult.Refused>(DataDirectory.Open(path, deployment, role)).Reason;
}
