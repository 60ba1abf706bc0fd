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
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Readable = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Enterable = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly ProcessRole Control = new ProcessRole.Control();
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

    // Goal: half a copy is not taken for a new directory, and who knows better can say so.
    [Fact]
    public void A_directory_that_has_lost_its_stamp_is_refused_until_somebody_says_whose_it_is()
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Beijing).Dispose();
        var stamp = Path.Combine(scratch.Path, "beijing", DataDirectory.StampFileName);
        var written = File.ReadAllText(stamp);
        scratch.Write("beijing/keys/custodian.key", "drawn");
        scratch.Write("beijing/keys/signing.key", "drawn");
        scratch.Write("beijing/accounts/ab/abcdefgh/account.db", "rows");
        File.Delete(stamp);

        var reason = Refused(scratch.Path, "demo", Beijing);
        Assert.Contains("half a copy", reason, StringComparison.Ordinal);
        Assert.False(File.Exists(stamp));

        var command = reason[reason.IndexOf("printf", StringComparison.Ordinal)..];
        using var shell = Process.Start("sh", ["-c", command]);
        shell.WaitForExit();
        Assert.Equal(written.TrimEnd(), File.ReadAllText(stamp));
        Open(scratch.Path, "demo", Beijing).Dispose();
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

    // Goal: what an earlier release or an operator left open is closed and said, and works as before.
    [Fact]
    public void A_directory_that_others_could_read_is_closed_with_what_lies_in_it_and_that_is_said()
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Beijing).Dispose();
        var keys = Directory.CreateDirectory(Path.Combine(scratch.Path, "beijing", "keys")).FullName;
        var (key, pem, data) = (
            scratch.Write("beijing/keys/signing.key", "k"), scratch.Write("beijing/keys/signing.pub", "p"), scratch.Write("beijing/region.db", "d"));
        foreach (var path in new[] { Path.Combine(scratch.Path, "beijing"), keys })
        {
            File.SetUnixFileMode(path, Private | Readable | Enterable);
        }

        foreach (var path in new[] { key, pem, data })
        {
            File.SetUnixFileMode(path, SmallFile.Secret | Readable);
        }

        var opened = Assert.IsType<DataDirectoryResult.Opened>(DataDirectory.Open(scratch.Path, "demo", Beijing));
        opened.Directory.Dispose();

        Assert.Equal(Private, File.GetUnixFileMode(opened.Directory.Path));
        Assert.Equal(Private, File.GetUnixFileMode(keys));
        Assert.Equal(SmallFile.Secret, File.GetUnixFileMode(key));
        Assert.Equal(SmallFile.Secret, File.GetUnixFileMode(data));
        Assert.Equal(SmallFile.Public, File.GetUnixFileMode(pem));
        Assert.Contains($"'{key}' was open to other users (mode 0644); it is closed now (0600)", opened.Warnings);
        Assert.Equal(4, opened.Warnings.Count);
        Assert.Empty(Assert.IsType<DataDirectoryResult.Opened>(ReopenAfter(opened, scratch)).Warnings);
    }

    [Theory]
    [InlineData("beijing")]
    [InlineData("beijing/tls")]
    public void A_directory_into_which_others_could_write_is_refused_unless_it_is_empty(string name)
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Beijing).Dispose();
        var path = Directory.CreateDirectory(Path.Combine(scratch.Path, name)).FullName;
        File.SetUnixFileMode(path, Private | UnixFileMode.OtherWrite | Enterable);
        if (name == "beijing/tls")
        {
            Open(scratch.Path, "demo", Beijing).Dispose();
            Assert.Equal(Private, File.GetUnixFileMode(path));
            scratch.Write("beijing/tls/peer.key", "planted");
            File.SetUnixFileMode(path, Private | UnixFileMode.OtherWrite | Enterable);
        }

        Assert.Contains($"chmod -R go-rwx '{path}'", Refused(scratch.Path, "demo", Beijing), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_others_could_write_is_refused()
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Control).Dispose();
        var token = scratch.Write("control/token", "planted");
        File.SetUnixFileMode(token, SmallFile.Secret | UnixFileMode.OtherWrite);

        Assert.Contains($"chmod go-rwx '{token}'", Refused(scratch.Path, "demo", Control), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("control.db")]
    [InlineData("domicile.lock")]
    [InlineData("domicile.json")]
    [InlineData("keys")]
    [InlineData("keys/signing.key")]
    [InlineData("tls/peer.key")]
    [InlineData("ca/ca.key")]
    [InlineData("log")]
    [InlineData("log/server.log")]
    [InlineData("log/security.log")]
    [InlineData("accounts")]
    public void A_link_in_the_place_of_a_file_of_ours_is_refused_and_not_followed(string name)
    {
        using var scratch = new ScratchDirectory();
        using var elsewhere = new ScratchDirectory();
        var path = Path.Combine(scratch.Path, "control", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, Private);
        var target = name is "keys" or "log" or "accounts" ? elsewhere.Path : Path.Combine(elsewhere.Path, "made");
        File.CreateSymbolicLink(path, target);
        File.SetUnixFileMode(Path.Combine(scratch.Path, "control"), Private);

        Assert.StartsWith($"'{path}' is a link", Refused(scratch.Path, "demo", Control), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere.Path));
    }

    [Fact]
    public void A_pipe_in_the_place_of_a_file_of_ours_is_refused_and_not_waited_for()
    {
        using var scratch = new ScratchDirectory();
        Open(scratch.Path, "demo", Control).Dispose();
        var path = Path.Combine(scratch.Path, "control", "token");
        Run("mkfifo", path);

        Assert.StartsWith($"'{path}' is a link or no file", Refused(scratch.Path, "demo", Control), StringComparison.Ordinal);
    }

    [Fact]
    public void An_operator_may_put_a_region_on_another_disk_by_a_link()
    {
        using var scratch = new ScratchDirectory();
        using var disk = new ScratchDirectory();
        Directory.CreateSymbolicLink(Path.Combine(scratch.Path, "beijing"), disk.Path);

        using var directory = Open(scratch.Path, "demo", Beijing);

        Assert.True(File.Exists(Path.Combine(disk.Path, "domicile.json")));
    }

    // Goal: whoever made the directory could have put a token there for us to take.
    [Theory]
    [InlineData("control", "control")]
    [InlineData("control", "control/token")]
    [InlineData("", "")]
    public void What_belongs_to_another_user_is_refused_with_his_number(string made, string theirs)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(Path.Combine(scratch.Path, made), Private);
        scratch.Write(Path.Combine(made, "token"), "a-token-that-somebody-else-has-put-here");
        var path = Path.Combine(scratch.Path, theirs).TrimEnd('/');
        Run("chown", "65534", path);

        var reason = Refused(scratch.Path, "demo", Control);

        Assert.StartsWith($"'{path}' belongs to user 65534, and this process runs as user 0", reason, StringComparison.Ordinal);
        Assert.EndsWith($"chown -R 0 '{path}'", reason, StringComparison.Ordinal);
        Run("chown", "0", path);
    }

    [Fact]
    public void An_open_directory_that_holds_nothing_of_ours_is_left_as_it_is()
    {
        using var scratch = new ScratchDirectory();
        var path = Directory.CreateDirectory(Path.Combine(scratch.Path, "control")).FullName;
        scratch.Write("control/somebody.txt", "else's");
        File.SetUnixFileMode(path, Private | Readable | Enterable);

        Assert.Contains($"chmod 700 '{path}'", Refused(scratch.Path, "demo", Control), StringComparison.Ordinal);
        Assert.Equal(Private | Readable | Enterable, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Others_may_not_write_beside_the_directory_either()
    {
        using var scratch = new ScratchDirectory();
        File.SetUnixFileMode(scratch.Path, Private | Readable | Enterable | UnixFileMode.OtherWrite);

        Open(scratch.Path, "demo", Control).Dispose();

        Assert.Equal(Private | Readable | Enterable, File.GetUnixFileMode(scratch.Path));
    }

    private static DataDirectoryResult ReopenAfter(DataDirectoryResult.Opened opened, ScratchDirectory scratch)
    {
        opened.Directory.Dispose();
        var again = DataDirectory.Open(scratch.Path, "demo", Beijing);
        (again as DataDirectoryResult.Opened)?.Directory.Dispose();
        return again;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static DataDirectory Open(string path, string deployment, ProcessRole role)
        => Assert.IsType<DataDirectoryResult.Opened>(DataDirectory.Open(path, deployment, role)).Directory;

    private static string Refused(string path, string deployment, ProcessRole role)
        => Assert.IsType<DataDirectoryResult.Refused>(DataDirectory.Open(path, deployment, role)).Reason;
}
