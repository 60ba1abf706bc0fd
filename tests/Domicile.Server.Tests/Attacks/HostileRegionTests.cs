using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Amazon.S3.Model;
using Domicile.Accounts;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.Peers;
using Domicile.Server.S3.Wire;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Domicile.Storage;
using Microsoft.AspNetCore.Http;
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

    // Goal: whoever has control's certificate, and answers in its place, can't have clients sent to him. Method: he says that the home
    // is found elsewhere, to a region that redirects; a region asks each few seconds, and the second question shows that the first
    // answer was taken.
    [Fact]
    public async Task Controls_certificate_without_its_key_redirects_nobody()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup());
        var account = await deployment.Control.AddAccountAsync("IN", "singapore");
        var (beijing, home) = (deployment.EndpointOf("beijing"), deployment.EndpointOf("singapore"));
        await AssertRedirectedAsync();
        await deployment.StopAsync(LiveDeployment.ControlName);
        var members = deployment.Config.Regions.Select(
            region => RegionMember.Of(region, deployment.EndpointsOf(region.Facts.Name.Value).Peer) with
            {
                Endpoint = new Uri("http://evil.example:9000"),
            }).ToList();
        var asked = 0;
        await using var thief = new HostileRegion(deployment, LiveDeployment.ControlName);
        await thief.AnswerAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return context.Response.WriteAsJsonAsync(
                new DirectoryUpdate([], 1, null, [.. members.Select(member => member.Name)], members, "stolen"),
                MovesJson.Default.DirectoryUpdate);
        });
        await Eventually.HoldsAsync(
            () => Task.FromResult(Volatile.Read(ref asked) > 2 * members.Count), "all have asked twice", TimeSpan.FromSeconds(40));

        await AssertRedirectedAsync();

        async Task AssertRedirectedAsync()
        {
            var answer = await RawConnection.AskAsync(beijing, new RawRequest(account, beijing, "GET", "/").ToBytes());
            Assert.True(answer.Status == 307, answer.Text);
            Assert.Contains($"Location: {home.GetLeftPart(UriPartial.Authority)}/", answer.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    // Goal: whoever has control's certificate alone can neither read nor change anything.
    [Theory]
    [InlineData("status")]
    [InlineData("createAccount")]
    [InlineData("createAccounts")]
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

    // Goal: who once was the home has no more power over the account than its client's signatures, on the wire either.
    // Method: Singapore, with all that it knows of the move, hands over commands of its own, and requests that it made up.
    // Nothing is erased, so that its right still lasts.
    [Fact]
    public async Task A_former_home_plants_no_key_and_deletes_nothing()
    {
        var deployment = await shared.GetAsync();
        var account = await deployment.Control.AddAccountAsync("SG", "singapore");
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("private-bucket", Cancelled);
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "private-bucket", Key = "diary", ContentBody = "secret" }, Cancelled);
        var move = (await deployment.Control.PostAsync(
            "moves", new NewMove(account.Account, "california", 3600), ApiJson.Default.NewMove, ApiJson.Default.MoveView)).Move;
        await deployment.Control.MoveBecomesAsync(move, view => view.ActivatedAt is not null, "activated");
        await using var singapore = new HostileRegion(deployment, "singapore");
        var key = AccessKey.NewId(AccountId.Parse(account.Account), [1, 2, 3, 4, 5]);
        var forged = new RawRequest(
            account with { SecretKey = "guessed" }, deployment.EndpointOf("california"), "DELETE", "/private-bucket/diary");

        foreach (var command in new[]
        {
            $$"""
            {"kind":"addCredential","credential":{"accessKeyId":"{{key}}","secret":"chosen","label":"","createdAt":"2030-01-01T00:00:00Z"} }
            """,
            """{"kind":"deleteObject","bucket":"private-bucket","key":"diary","conditions":{}}""",
        })
        {
            using var refused = await HandOverAsync(
                singapore, $$"""{"account":"{{account.Account}}","move":"{{move}}","attempt":"a","epoch":2,"command":{{command}} }""");
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        foreach (var head in new[] { forged.Head(), forged.Head().Replace("DELETE", "PUT", StringComparison.Ordinal) })
        {
            var handOver = new HandOver(
                AccountId.Parse(account.Account), move, "an-attempt", 2, TimeProvider.System.GetUtcNow(), RequestOf(head).Encode());
            using var refused = await HandOverAsync(singapore, JsonSerializer.Serialize(handOver, MovesJson.Default.HandOver));
            Assert.Contains(
                "SignatureDoesNotMatch", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        }

        Assert.Equal(account.AccessKey, Assert.Single((await deployment.Control.GetAsync(
            $"accounts/{account.Account}/keys", ApiJson.Default.KeyList)).Keys).AccessKey);
        using var found = await s3.GetObjectAsync("private-bucket", "diary", Cancelled);
        Assert.Equal(6, found.ContentLength);
        var log = (await File.ReadAllLinesAsync(
            Path.Combine(deployment.DirectoryOf("california"), "log", SecurityLog.FileName), Cancelled))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("event").GetString() == "handOverRefused");
        Assert.Equal(
            2,
            log.Count(line => line.GetProperty("source").GetString() == "region 'singapore'"
                && line.GetProperty("account").GetString() == account.Account
                && line.GetProperty("reason").GetString() == "SignatureDoesNotMatch"));
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

    // As src/Domicile.Server/Peers writes it: four bytes of length, the document, the client's body (here none).
    private static Task<HttpResponseMessage> HandOverAsync(HostileRegion region, string document)
    {
        var json = Encoding.UTF8.GetBytes(document);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, json.Length);
        return region.SendAsync("california", HttpMethod.Post, "/peer/v1/handover", new ByteArrayContent([.. length, .. json]));
    }

    private static ClientRequest RequestOf(string head)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var parts = lines[0].Split(' ');
        return new ClientRequest(
            parts[0], parts[1],
            [.. lines.Skip(1).Select(line => line.Split(": ", 2)).Select(header => new HeaderLine(header[0], header[1]))], null);
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
