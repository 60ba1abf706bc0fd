using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Domicile.Cli;
using Domicile.Deployments;
using Domicile.Tests.Deployments;
using Xunit;

namespace Domicile.Tests.Cli;

/// <summary>What the command line is given to read, and what it shows of what others wrote.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class InputTests : IDisposable
{
    private const string Token = "a-token-that-a-test-made-up-and-nobody-else";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // Goal: a file without an end ends the verb: it isn't read to its end, which would take all memory.
    [Theory]
    [InlineData("verify", "/dev/zero")]
    [InlineData("verify", "receipt.json", "--key", "/dev/zero")]
    [InlineData("policy", "check", "/dev/zero")]
    [InlineData("plan", "--policy", "/dev/zero")]
    [InlineData("apply", "--policy", "/dev/zero")]
    [InlineData("account", "list", "--control", "http://127.0.0.1:1", "--token-file", "/dev/zero")]
    public async Task A_file_without_an_end_is_said_to_be_too_long(params string[] arguments)
    {
        _scratch.Write("receipt.json", "{}");

        var run = await CliRun.Of([.. arguments.Select(one => one == "receipt.json" ? Path.Combine(_scratch.Path, one) : one)]);

        Assert.Equal(1, run.Code);
        Assert.Matches("/dev/zero.*(larger|longer) than", run.Error);
    }

    [Fact]
    public async Task A_pipe_that_never_ends_is_said_to_be_too_long()
    {
        var pipe = Path.Combine(_scratch.Path, "pipe");
        using (var mkfifo = Process.Start("mkfifo", pipe))
        {
            await mkfifo.WaitForExitAsync();
        }

        using var endless = Process.Start("sh", ["-c", "exec yes > \"$0\" 2>/dev/null", pipe]);

        var run = await CliRun.Of("verify", pipe);

        await endless.WaitForExitAsync();
        Assert.Equal(1, run.Code);
        Assert.Contains("is larger than 4.0 MiB", run.Error, StringComparison.Ordinal);
    }

    // Goal: key ids are there to be compared, on a terminal of 80 columns too.
    [Fact]
    public async Task What_verify_found_fits_80_columns_with_each_key_in_one_piece()
    {
        var example = Path.Combine(Repository.Root, "docs", "formats", "example", "receipt.json");

        var columns = new Dictionary<string, string> { ["COLUMNS"] = "80" };
        CliRun[] runs =
        [
            await CliRun.Of(columns, "verify", example, "--key", Path.Combine(Path.GetDirectoryName(example)!, "ledger.pem")),
            await CliRun.Of(columns, "verify", example),
        ];

        foreach (var run in runs)
        {
            Assert.Equal(0, run.Code);
            Assert.Matches("\n  key 6bc39f74f49293eec9f7c0fb88204245d095e54bf49f90827ca0d36bbb0ad7b8 *\n", run.Out);
            Assert.Matches("[ \n]160043bfd470383114fe20e31b767f80ac3d1b6e3fd0d0749f4a39a115befafb[ ,\n]", run.Out);
            Assert.All(run.Out.Replace(example, "receipt.json").Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        }
    }

    [Fact]
    public async Task A_pipe_that_ends_is_read_like_a_file()
    {
        var pipe = Path.Combine(_scratch.Path, "pipe");
        using (var mkfifo = Process.Start("mkfifo", pipe))
        {
            await mkfifo.WaitForExitAsync();
        }

        var example = Path.Combine(Repository.Root, "docs", "formats", "example", "receipt.json");
        using var writer = Process.Start("sh", ["-c", "exec cat \"$1\" > \"$0\"", pipe, example]);

        var run = await CliRun.Of("verify", pipe);

        await writer.WaitForExitAsync();
        Assert.True(run.Code == 0, run.Error);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("policy", "check")]
    [InlineData("plan", "--policy")]
    public async Task A_directory_is_no_file(params string[] verb)
    {
        var run = await CliRun.Of([.. verb, _scratch.Path]);

        Assert.Equal(1, run.Code);
        Assert.Contains(_scratch.Path, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_comes_from_a_file_which_should_be_closed()
    {
        var file = _scratch.Write("token", Token + "\n");
        File.SetUnixFileMode(file, SmallFile.Secret);

        var (closed, shown) = await AskAsync("--token-file", file);
        Assert.Equal($"Bearer {Token}", shown);
        Assert.DoesNotContain("warning", closed.Error, StringComparison.Ordinal);

        File.SetUnixFileMode(file, SmallFile.Public);
        var (open, again) = await AskAsync("--token-file", file);
        Assert.Equal($"Bearer {Token}", again);
        Assert.Contains($"chmod 600 {file}", open.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_on_the_command_line_is_taken_with_a_warning()
    {
        var (run, shown) = await AskAsync("--token", Token);

        Assert.Equal($"Bearer {Token}", shown);
        Assert.StartsWith("warning: --token shows in the list of processes", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("two\nlines")]
    public async Task A_file_without_a_token_is_said(string content)
    {
        var run = await CliRun.Of(
            "account", "list", "--control", "http://127.0.0.1:1", "--token-file", _scratch.Write("token", content));

        Assert.Contains("holds no token", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_tokens_are_one_too_many()
        => Assert.Contains(
            "are both given",
            (await CliRun.Of("account", "list", "--control", "http://127.0.0.1:1", "--token", "t", "--token-file", "f")).Error,
            StringComparison.Ordinal);

    // Goal: a link in a directory that somebody else made must not have root read what it leads to, and send it.
    [Fact]
    public async Task A_link_in_the_place_of_the_deployments_token_is_not_followed()
    {
        Directory.CreateDirectory(Path.Combine(_scratch.Path, "control"));
        _scratch.Write(
            "control/endpoints.json",
            """{"control":{"listen":"http://127.0.0.1:1","peer":"https://127.0.0.1:2","management":"http://127.0.0.1:3"},"regions":{}}""");
        File.CreateSymbolicLink(Path.Combine(_scratch.Path, "control", "token"), _scratch.Write("elsewhere", Token));

        var run = await CliRun.Of("account", "list", "--data", _scratch.Path);

        Assert.Equal(1, run.Code);
        Assert.Contains("token is a link", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_users_deployment_is_not_believed()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        Directory.CreateDirectory(Path.Combine(_scratch.Path, "control"));
        _scratch.Write(
            "control/endpoints.json",
            """{"control":{"listen":"http://127.0.0.1:1","peer":"https://127.0.0.1:2","management":"http://127.0.0.1:3"},"regions":{}}""");
        var token = _scratch.Write("control/token", Token);
        using (var chown = Process.Start("chown", ["65534", token]))
        {
            await chown.WaitForExitAsync();
        }

        var run = await CliRun.Of("account", "list", "--data", _scratch.Path);

        Assert.Contains($"{token} is user 65534's, and you are user 0", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u202e", "RIGHT-TO-LEFT OVERRIDE")]
    [InlineData("\u2066", "LEFT-TO-RIGHT ISOLATE")]
    [InlineData("\u200e", "LEFT-TO-RIGHT MARK")]
    [InlineData("\u061c", "ARABIC LETTER MARK")]
    [InlineData("\u200b", "ZERO WIDTH SPACE")]
    [InlineData("\u2060", "WORD JOINER")]
    [InlineData("\ufeff", "ZERO WIDTH NO-BREAK SPACE")]
    [InlineData("\u00ad", "SOFT HYPHEN")]
    [InlineData("\u034f", "COMBINING GRAPHEME JOINER")]
    [InlineData("\u3164", "HANGUL FILLER")]
    [InlineData("\ufe0f", "VARIATION SELECTOR-16")]
    [InlineData("\U000e0041", "TAG LATIN CAPITAL LETTER A")]
    [InlineData("\ue000", "private use")]
    [InlineData("\u2028", "LINE SEPARATOR")]
    public void What_nobody_sees_is_shown_as_a_mark(string hidden, string name)
        => Assert.True(Clean.Line($"ph{hidden}otos") == "ph\ufffdotos", name);

    [Fact]
    public void Half_a_surrogate_pair_is_shown_as_a_mark()
        => Assert.Equal("ph\ufffdotos", Clean.Line("ph" + '\ud83d' + "otos"));

    [Fact]
    public void What_people_write_stays_as_it_is()
    {
        const string Written = "Ünïcode 北京 القاهرة ירושלים नमस्ते 🏠 naïve – “quoted”";

        Assert.Equal(Written, Clean.Line(Written));
    }

    [Fact]
    public void A_document_has_what_nobody_sees_escaped_and_means_the_same()
    {
        using var output = new StringWriter();
        var terminal = new Terminal(
            new CliHost(output, TextWriter.Null, false, false, _ => null, TimeProvider.System), json: true);
        const string Label = "ph\u202eotos\U000e0041 é+";

        terminal.PrintJson(
            new Domicile.Control.NewKeyView("K", "S", Label), Domicile.Control.ApiJson.Default.NewKeyView);

        Assert.Contains("\"ph\\u202eotos\\udb40\\udc41 é+\"", output.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Label, JsonDocument.Parse(output.ToString()).RootElement.GetProperty("label").GetString());
    }

    // A control that answers one request, and what it was shown.
    private static async Task<(CliRun Run, string? Authorization)> AskAsync(params string[] token)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener);

        var run = await CliRun.Of(
            ["account", "list", "--json", "--control", $"http://{listener.LocalEndpoint}", .. token]);

        Assert.True(run.Code == 0, run.Error);
        return (run, await answering);
    }

    private static async Task<string?> AnswerAsync(TcpListener listener)
    {
        using var connection = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = connection.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, false, 1024, leaveOpen: true);
        string? authorization = null;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
        {
            authorization = line.StartsWith("Authorization: ", StringComparison.Ordinal) ? line["Authorization: ".Length..] : authorization;
        }

        await stream.WriteAsync(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"accounts\":[]}"u8.ToArray());
        return authorization;
    }
}
