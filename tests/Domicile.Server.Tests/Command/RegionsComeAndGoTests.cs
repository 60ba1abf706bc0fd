using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Command;

/// <summary>Regions are added, drained and removed by the command line, under <c>up</c>, while the others serve.</summary>
public sealed class RegionsComeAndGoTests : IDisposable
{
    private const string Bucket = "bucket";

    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-regions-").FullName;
    private readonly IReadOnlyList<int> _ports = TestPorts.Take(12);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var pid in Servers())
        {
            NativeProcess.Kill(pid);
        }

        Directory.Delete(_directory, recursive: true);
    }

    // Goal: nobody but the region itself notices: no process is restarted, and no request fails. Method: clients of two accounts
    // go on all the time; a third region comes, one account moves there, the first region is drained and removed.
    [Fact]
    public async Task A_region_comes_another_is_emptied_and_goes_and_clients_notice_nothing()
    {
        var setup = new DeploymentSetup
        {
            Policy = TestPolicies.Anywhere,
            Regions = [DeploymentSetup.Singapore, DeploymentSetup.Beijing],
        };
        await WriteAsync(setup);
        await File.WriteAllTextAsync(Path.Combine(_directory, "policy.yaml"), setup.Policy, Cancelled);
        using var up = CliProcess.Start("up", "--data", _directory);
        await Eventually.HoldsAsync(
            () => Task.FromResult(up.HasExited || UpState.Load(_directory) is { Ready: true }), "up is ready", TimeSpan.FromSeconds(90));
        var first = Servers();
        var (mover, leaver) = (await AddAsync("singapore"), await AddAsync("beijing"));
        using var stop = new CancellationTokenSource();
        Task[] clients =
        [
            GoOnAsync(mover, _ports[3], stop.Token), GoOnAsync(leaver, _ports[3], stop.Token),
        ];

        // :: A region comes: nothing but the file and one command.
        await WriteAsync(setup with { Regions = [.. setup.Regions, DeploymentSetup.California] });
        var reloaded = await CliCall.JsonAsync(_directory, "reload");
        Assert.Equal("california", Assert.Single(reloaded.GetProperty("added").EnumerateArray()).GetString());
        await Eventually.HoldsAsync(
            async () => await StateAsync("california") == "ready", "california is ready", TimeSpan.FromSeconds(60));
        await CliCall.JsonAsync(_directory, $"move {mover.Account} --to california --wait");
        await AssertServedAsync(mover, _ports[3], _ports[6], _ports[9]);

        // :: Another one is emptied: its account leaves, and none comes.
        var drained = await CliCall.JsonAsync(_directory, "region drain beijing");
        Assert.Equal(leaver.Account, Assert.Single(drained.GetProperty("moves").EnumerateArray()).GetProperty("account").GetString());
        var refused = await CliCall.RunAsync(_directory, "account add --residence CN --region beijing");
        Assert.Contains("undrain", refused.Error, StringComparison.Ordinal);
        await AssertServedAsync(leaver, _ports[3], _ports[6], _ports[9]);

        // :: It goes.
        await WriteAsync(setup with { Regions = [DeploymentSetup.Singapore, DeploymentSetup.California] }, [0, 1, 3]);
        reloaded = await CliCall.JsonAsync(_directory, "reload");
        Assert.Equal("beijing", Assert.Single(reloaded.GetProperty("removed").EnumerateArray()).GetString());
        await Eventually.HoldsAsync(
            () => Task.FromResult(Servers().Count == 3), "beijing's process has ended", TimeSpan.FromSeconds(30));
        await AssertServedAsync(leaver, _ports[3], _ports[9]);
        var findings = (await CliCall.JsonAsync(_directory, "doctor")).GetProperty("findings").EnumerateArray();
        Assert.DoesNotContain(findings, finding => finding.GetProperty("status").GetString() == "error");

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.Equal(2, first.Intersect(Servers()).Count());
        up.Interrupt();
        Assert.Equal(0, (await up.EndAsync()).Code);
        Assert.Empty(Servers());
    }

    private async Task<NewAccountView> AddAsync(string region)
    {
        var added = (await CliCall.JsonAsync(_directory, $"account add --residence IN --region {region}"))
            .Deserialize(ApiJson.Default.NewAccountView)!;
        using var s3 = Open(added, _ports[3]);
        await s3.PutBucketAsync(Bucket, Cancelled);
        return added;
    }

    // Each request is sent once: one that fails ends the test.
    private static async Task GoOnAsync(NewAccountView account, int port, CancellationToken stop)
    {
        using var s3 = Open(account, port);
        for (var written = 0; !stop.IsCancellationRequested; written++)
        {
            var text = $"{account.Account} {written}";
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "key", ContentBody = text }, Cancelled);
            Assert.Equal(text, await ReadAsync(s3));
        }
    }

    private static async Task AssertServedAsync(NewAccountView account, params int[] ports)
    {
        foreach (var port in ports)
        {
            using var s3 = Open(account, port);
            Assert.StartsWith(account.Account, await ReadAsync(s3), StringComparison.Ordinal);
        }
    }

    private static async Task<string> ReadAsync(AmazonS3Client s3)
    {
        using var answer = await s3.GetObjectAsync(Bucket, "key", Cancelled);
        using var reader = new StreamReader(answer.ResponseStream);
        return await reader.ReadToEndAsync(Cancelled);
    }

    private static AmazonS3Client Open(NewAccountView account, int port)
    {
        var config = new AmazonS3Config
        {
            ServiceURL = $"http://127.0.0.1:{port}",
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
        };
        LiveDeployment.SendOnce(config);
        return new AmazonS3Client(new BasicAWSCredentials(account.AccessKey, account.SecretKey), config);
    }

    private async Task<string?> StateAsync(string region)
        => (await CliCall.JsonAsync(_directory, "status")).GetProperty("regions").EnumerateArray()
            .Where(one => one.GetProperty("name").GetString() == region).Select(one => one.GetProperty("state").GetString())
            .FirstOrDefault();

    /// <param name="places">Of each process among the ports, if not in order.</param>
    private Task WriteAsync(DeploymentSetup setup, int[]? places = null)
        => File.WriteAllTextAsync(
            Path.Combine(_directory, "domicile.yaml"),
            setup.ConfigText([.. (places ?? [0, 1, 2, 3]).SelectMany(place => _ports.Skip(place * 3).Take(3))]), Cancelled);

    private List<int> Servers()
        => [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out var pid) && NativeProcess.IsServerOf(pid, _directory)).Select(int.Parse!)];
}
