using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Command;

/// <summary>A real deployment is open to nobody but its user, and keeps a record of who tried.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DoorsTests
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const string Nobody = "65534";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: whatever it makes, from `up` to an object's content, no other user reads. Method: `up` in directories that are
    // there already and open, under a lax umask, and a look at every file below them.
    [Fact]
    public async Task Up_closes_what_is_open_and_everything_it_makes_is_its_users_alone()
    {
        var directory = Directory.CreateTempSubdirectory("domicile-doors-").FullName;
        var setup = new DeploymentSetup { Regions = [DeploymentSetup.Beijing] };
        await File.WriteAllTextAsync(
            Path.Combine(directory, "domicile.yaml"), setup.ConfigText(TestPorts.Take(6)), Cancelled);
        await File.WriteAllTextAsync(Path.Combine(directory, "policy.yaml"), setup.Policy, Cancelled);
        foreach (var name in new[] { "control", "beijing" })
        {
            Directory.CreateDirectory(
                Path.Combine(directory, name, "log"), SmallFile.Secret | UnixFileMode.UserExecute);
            File.SetUnixFileMode(Path.Combine(directory, name), (UnixFileMode)0b111_101_101);
        }

        using var up = CliProcess.Start("up", "--data", directory);
        await Eventually.HoldsAsync(
            () => Task.FromResult(up.HasExited || UpState.Load(directory) is { Ready: true }), "up is ready",
            TimeSpan.FromSeconds(90));
        await CliCall.JsonAsync(directory, "account add --residence CN");

        var state = UpState.Load(directory)!;
        foreach (var pid in new[] { state.Control.Pid!.Value, state.Regions[0].Pid!.Value })
        {
            Assert.Contains("Umask:\t0077", await File.ReadAllTextAsync($"/proc/{pid}/status", Cancelled), StringComparison.Ordinal);
            Assert.Matches("Max core file size +0 +0 ", await File.ReadAllTextAsync($"/proc/{pid}/limits", Cancelled));
            Assert.Contains(
                "DOTNET_DbgEnableMiniDump=0", await File.ReadAllTextAsync($"/proc/{pid}/environ", Cancelled), StringComparison.Ordinal);
        }

        var open = OpenBelow(Path.Combine(directory, "control")).Concat(OpenBelow(Path.Combine(directory, "beijing"))).ToList();
        up.Interrupt();
        var ended = await up.EndAsync();
        Directory.Delete(directory, recursive: true);
        Assert.Empty(open);
        Assert.Contains($"'{directory}/beijing' was open to other users (mode 0755)", ended.Error, StringComparison.Ordinal);
    }

    // Goal: each refusal is in the log of the process that refused, by whom and why, and with nothing of what was sent.
    [Fact]
    public async Task Who_is_refused_is_on_record_at_the_process_that_refused()
    {
        await using var live = await LiveDeployment.StartAsync(
            new DeploymentSetup { Regions = [DeploymentSetup.Singapore, DeploymentSetup.California] });
        var account = await live.Control.AddAccountAsync("IN");
        var (home, other) = account.Home == "singapore" ? ("singapore", "california") : ("california", "singapore");

        // A wrong secret at the home, and through the other region; a key that was never made.
        var wrong = account with { SecretKey = "not-the-secret-of-this-account-0000000000" };
        await AskAsync(live, home, new RawRequest(wrong, live.EndpointOf(home), "GET", "/bucket-name"));
        await AskAsync(live, other, new RawRequest(wrong, live.EndpointOf(other), "GET", "/bucket-name"));
        var lastLetter = account.AccessKey[^1] == 'A' ? 'B' : 'A';
        var unknown = account with { AccessKey = account.AccessKey[..^1] + lastLetter };
        await AskAsync(live, home, new RawRequest(unknown, live.EndpointOf(home), "GET", "/bucket-name"));

        // A key that was revoked.
        var revoked = await live.Control.PostAsync(
            $"accounts/{account.Account}/keys", new NewKey("laptop"), ApiJson.Default.NewKey, ApiJson.Default.NewKeyView);
        using (var gone = await live.Control.Http.DeleteAsync(new Uri($"keys/{revoked.AccessKey}", UriKind.Relative), Cancelled))
        {
            gone.EnsureSuccessStatusCode();
        }

        await AskAsync(live, home, new RawRequest(
            account with { AccessKey = revoked.AccessKey, SecretKey = revoked.SecretKey }, live.EndpointOf(home), "GET", "/bucket-name"));

        // A region asks another one for what only control may.
        using var peer = OpenAsRegion(live, other);
        using var refused = await peer.PostAsync(
            new Uri(live.EndpointsOf(home).Peer, "/peer/v1/region/listKeys"), new StringContent("{}"), Cancelled);
        Assert.Equal(403, (int)refused.StatusCode);

        // It shows an order that control hasn't signed; and somebody comes without any certificate.
        using var order = await peer.PostAsync(
            new Uri(live.EndpointsOf(home).Peer, "/peer/v1/refuse"),
            new StringContent($$"""
                {"order":{"move":"00000000-0000-0000-0000-000000000001","profile":{"id":"{{account.Account}}","residence":"IN"},
                "epoch":1,"source":"{{other}}","target":"{{home}}","policyRevision":1,"salt":"AAAA","signature":"AAAA"},"reason":"x"}
                """), Cancelled);
        Assert.Equal(409, (int)order.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsStrangerAsync(live.EndpointsOf(home).Peer));

        var lines = await Eventually.BecomesAsync(
            async () => await ReadLogAsync(live, home) is { Count: >= 7 } all ? all : null, "seven lines of the security log");
        Assert.Equal(
            [
                $"signatureFailed 127.0.0.1 {account.Account} SignatureDoesNotMatch",
                $"signatureFailed region '{other}' {account.Account} SignatureDoesNotMatch",
                $"keyUnknown 127.0.0.1 {account.Account} noSuchKey",
                $"keyRevoked 127.0.0.1 {account.Account} revokedKey",
                $"peerRefused region '{other}'  notAllowed",
                $"orderRefused region '{other}'  notSignedByControl",
                "handshakeFailed 127.0.0.1  noCertificateOfOurs",
            ],
            lines.Select(line => string.Create(
                CultureInfo.InvariantCulture,
                $"{Text(line, "event")} {Text(line, "source")} {Text(line, "account")} {Text(line, "reason")}")));
        var log = string.Concat(lines);
        Assert.DoesNotContain(account.AccessKey[..^1], log, StringComparison.Ordinal);
        Assert.DoesNotContain("bucket-name", log, StringComparison.Ordinal);
    }

    // Goal: a user of the system's own below a directory of root's, as a service runs; and never in another user's.
    [Fact]
    public async Task An_ordinary_user_runs_in_a_directory_of_his_own_and_in_no_other()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can run as another user");
        var directory = Directory.CreateTempSubdirectory("domicile-doors-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        var setup = new DeploymentSetup { Regions = [DeploymentSetup.Beijing] };
        await File.WriteAllTextAsync(Path.Combine(directory, "domicile.yaml"), setup.ConfigText(TestPorts.Take(6)), Cancelled);
        await File.WriteAllTextAsync(Path.Combine(directory, "policy.yaml"), setup.Policy, Cancelled);
        var path = Directory.CreateDirectory(Path.Combine(directory, "beijing"), (UnixFileMode)0b111_101_101).FullName;

        var inRoots = await ServeAsNobodyAsync(directory);
        Assert.StartsWith(
            $"'{path}' belongs to user 0, and this process runs as user {Nobody}", inRoots, StringComparison.Ordinal);

        using (var chown = Process.Start("chown", [Nobody, path]))
        {
            await chown.WaitForExitAsync(Cancelled);
        }

        // It gets as far as its certificates, which nobody has made for it.
        var inHis = await ServeAsNobodyAsync(directory);
        Directory.Delete(directory, recursive: true);
        Assert.Contains($"Can't load certificate '{path}/tls/peer.pem'", inHis, StringComparison.Ordinal);
    }

    private static async Task<string> ServeAsNobodyAsync(string directory)
    {
        string[] arguments =
        [
            $"--reuid={Nobody}", "--clear-groups", "dotnet", ServerProgram.Find(Environment.GetEnvironmentVariable), "--role", "region",
            "--region", "beijing", "--config", Path.Combine(directory, "domicile.yaml"), "--data", directory,
        ];
        using var process = Process.Start(new ProcessStartInfo("setpriv", arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        Assert.Equal(1, process.ExitCode);
        return error;
    }

    private static IEnumerable<string> OpenBelow(string directory)
        => Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Append(directory)
            .Where(path => (File.GetUnixFileMode(path) & Others) != 0);

    private static async Task AskAsync(LiveDeployment live, string region, RawRequest request)
    {
        var answer = await RawConnection.AskAsync(live.EndpointOf(region), request.ToBytes());
        Assert.Equal(403, answer.Status);
    }

    private static HttpClient OpenAsRegion(LiveDeployment live, string region)
    {
        var certificate = TlsFiles.LoadPeer(live.Directory, new ProcessRole.Region(RegionName.Parse(region)));
        var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                ClientCertificates = [certificate],
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            },
        };
        return new HttpClient(handler);
    }

    private static async Task ConnectAsStrangerAsync(Uri peer)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPEndPoint.Parse(peer.Authority), Cancelled);
        await using var tls = new SslStream(socket.GetStream(), false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Cancelled);
        await tls.ReadExactlyAsync(new byte[1], Cancelled);
    }

    private static async Task<List<JsonElement>> ReadLogAsync(LiveDeployment live, string process)
        => [.. (await File.ReadAllLinesAsync(Path.Combine(live.DirectoryOf(process), "log", SecurityLog.FileName), Cancelled))
            .Select(line => JsonDocument.Parse(line).RootElement)];

    private static string? Text(JsonElement line, string member)
        => line.TryGetProperty(member, out var value) ? value.GetString() : null;
}
