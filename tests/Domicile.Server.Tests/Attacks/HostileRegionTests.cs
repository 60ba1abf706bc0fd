using System.Net;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Peers;
using Domicile.Server.Tests.Deployment;
using Domicile.Storage;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>
/// What a region in hostile hands gets from the others, and what control's certificate is worth without its key. The table
/// in docs/protocols/move.md names these tests.
/// </summary>
public sealed class HostileRegionTests(SharedDeployment shared)
{
    private const string Changes = "/peer/v1/changes";
    private const string Refuse = "/peer/v1/refuse";
    private const string Calls = "/peer/v1/region/";
    private const string Directories = "/peer/v1/directory?since=0&policy=0";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: whoever has control's certificate alone can neither read nor change anything.
    [Theory]
    [InlineData("status")]
    [InlineData("createAccount")]
    [InlineData("execute")]
    [InlineData("listKeys")]
    [InlineData("eraseAccount")]
    [InlineData("update")]
    [InlineData("discard")]
    [InlineData("activate")]
    [InlineData("settle")]
    [InlineData("unseal")]
    [InlineData("erase")]
    public async Task Controls_certificate_without_its_key_is_worth_nothing(string call)
    {
        var deployment = await shared.GetAsync();
        await using var thief = new HostileRegion(deployment, LiveDeployment.ControlName);
        using var stranger = EcdsaSigner.Generate();
        var question = new PeerCall { Update = new DirectoryUpdate([], 0, null, []) };

        using var unsigned = await thief.PostAsync("singapore", Calls + call, question, MovesJson.Default.PeerCall);
        using var signed = await thief.PostAsync(
            "singapore", Calls + call, question, MovesJson.Default.PeerCall,
            request => request.Headers.Add(
                ControlSignature.HeaderName, new OrderSigner(stranger).SignCall(RegionName.Parse("singapore"), call, "{}"u8)));

        Assert.Equal(HttpStatusCode.Forbidden, unsigned.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, signed.StatusCode);
    }

    [Theory]
    [InlineData("prepare")]
    [InlineData("arrive")]
    [InlineData("seal")]
    [InlineData("drain")]
    [InlineData("depart")]
    [InlineData("refuse")]
    public async Task A_step_by_an_order_that_control_has_not_signed_is_refused(string step)
    {
        var deployment = await shared.GetAsync();
        await using var thief = new HostileRegion(deployment, LiveDeployment.ControlName);
        var account = await deployment.Control.AddAccountAsync("SG", "singapore");
        var order = Order(account.Account, "singapore", "california");

        using var answer = await thief.PostAsync(
            step is "arrive" or "drain" or "refuse" ? "california" : "singapore", Calls + step,
            new PeerCall { Order = order }, MovesJson.Default.PeerCall);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("not signed by control", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    // Goal: a region can't make another create databases, nor store what it likes.
    [Fact]
    public async Task A_refusal_of_an_account_that_nobody_knows_leaves_nothing_behind()
    {
        var deployment = await shared.GetAsync();
        await using var california = new HostileRegion(deployment, "california");
        var unknown = AccountId.FromRandom(RandomNumberGenerator.GetBytes(10)).Value;

        using var answer = await california.PostAsync(
            "singapore", Refuse,
            new PeerCall { Order = Order(unknown, "california", "singapore"), Reason = new string('x', 10_000) },
            MovesJson.Default.PeerCall);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Empty(Directory.EnumerateDirectories(
            Path.Combine(deployment.DirectoryOf("singapore"), "accounts"), unknown.ToUpperInvariant(), SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateDirectories(
            Path.Combine(deployment.DirectoryOf("singapore"), "accounts"), unknown, SearchOption.AllDirectories));
    }

    // Goal: an account's key and rows go to the target that control ordered, whatever another region knows of the move.
    // Method: control's own order (made with its key) prepares a move to California; Beijing has it, and asks for the stream.
    [Fact]
    public async Task A_third_region_that_has_the_order_of_a_move_pulls_nothing()
    {
        var deployment = await shared.GetAsync();
        var account = await deployment.Control.AddAccountAsync("SG", "singapore");
        using (var s3 = deployment.OpenS3(account))
        {
            await s3.PutBucketAsync("secret-bucket", Cancelled);
            await s3.PutObjectAsync(
                new PutObjectRequest { BucketName = "secret-bucket", Key = "secret-name", ContentBody = "content" }, Cancelled);
        }

        using var signer = new EcdsaSigner(SigningKey.LoadOrCreate(deployment.Directory, new ProcessRole.Control()));
        var orders = new OrderSigner(signer);
        var order = orders.Sign(Order(account.Account, "singapore", "california"));
        await using var control = new HostileRegion(deployment, LiveDeployment.ControlName);
        await using var beijing = new HostileRegion(deployment, "beijing");
        using var prepared = await control.PostAsync(
            "singapore", Calls + "prepare", new PeerCall { Order = order }, MovesJson.Default.PeerCall);
        Assert.Contains("prepared", await prepared.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);

        MoveOrder[] shown =
        [
            order, order with { Target = RegionName.Parse("beijing") },
            orders.Sign(order with { Target = RegionName.Parse("beijing") }),
        ];
        using var box = new SecretBox();
        foreach (var one in shown)
        {
            using var answer = await beijing.PostAsync(
                "singapore", Changes, new PullQuestion(one, 0, box.PublicKey), LinkJson.Default.PullQuestion);
            var said = await answer.Content.ReadAsStringAsync(Cancelled);
            Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
            Assert.True(
                answer.StatusCode == HttpStatusCode.Conflict
                || said.Contains("not prepared here for the region that asks", StringComparison.Ordinal), said);
        }
    }

    // Goal: a region that is taken out of the config is refused at once, by control and by regions, on open connections too.
    // Method: California calls both, then control is started again with a config that has no California.
    [Fact]
    public async Task A_region_taken_out_of_the_config_is_refused_at_once()
    {
        await using var deployment = await LiveDeployment.StartAsync();
        await using var california = new HostileRegion(deployment, "california");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(california, LiveDeployment.ControlName, Directories));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(california, "beijing", "/peer/v1/probe?bytes=1"));

        await deployment.KillAsync(LiveDeployment.ControlName);
        await deployment.EndAsync("california");
        var config = Path.Combine(deployment.Directory, "domicile.yaml");
        await File.WriteAllLinesAsync(
            config,
            (await File.ReadAllLinesAsync(config, Cancelled))
                .Where(line => !line.StartsWith("  california:", StringComparison.Ordinal)),
            Cancelled);
        await deployment.StartAsync(LiveDeployment.ControlName);

        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(california, LiveDeployment.ControlName, Directories));
        foreach (var region in new[] { "beijing", "singapore" })
        {
            await Eventually.HoldsAsync(
                async () => await AskAsync(california, region, "/peer/v1/probe?bytes=1") == HttpStatusCode.Forbidden,
                $"{region} refuses california");
        }
    }

    private static async Task<HttpStatusCode> AskAsync(HostileRegion region, string to, string target)
    {
        using var answer = await region.SendAsync(to, HttpMethod.Get, target);
        return answer.StatusCode;
    }

    private static MoveOrder Order(string account, string source, string target)
        => new(
            Guid.CreateVersion7(DateTimeOffset.UnixEpoch), new AccountProfile(AccountId.Parse(account), Country.Parse("SG"), null), 1,
            RegionName.Parse(source), RegionName.Parse(target), 1, new byte[32]);
}
