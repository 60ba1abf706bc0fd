using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Server.S3.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>
/// Writes that were under way at the former home, in Beijing, when their account moved to Singapore; and what a former home
/// tries that is no such write. S3's own operations at both ends, no HTTP between them.
/// </summary>
public sealed class HandOverTests : IAsyncLifetime
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly RegionName Beijing = TestDeployment.Beijing;

    // Two frames and a bit; three chunks.
    private static readonly byte[] Long = [.. Enumerable.Range(0, 150_000).Select(i => (byte)(i * 7))];
    private static readonly byte[] Short = "what the client sent"u8.ToArray();

    private TestDeployment _deployment = null!;
    private AccountProfile _account = null!;
    private SigningClient _client = null!;
    private MoveDesk _desk = null!;
    private Guid _move;

    private RegionNode Source => _deployment.Node(Beijing);

    private RegionNode Home => _deployment.Node(TestDeployment.Singapore);

    public async ValueTask InitializeAsync()
    {
        _deployment = await TestDeployment.StartAsync();
        _account = await _deployment.AddAccountAsync(Beijing);
        _client = await SigningClient.OfAsync(Source, _account.Id);
        _desk = _deployment.OpenDesk();
        Assert.IsNotType<CommandResult.Refused>(await Source.ExecuteAsync(_account.Id, new CreateBucket("private"), Stop));
        Assert.IsNotType<CommandResult.Refused>(await ServeAsync(Source, _client.Sign("PUT", "/private/diary.txt", Short)));
    }

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        await _deployment.DisposeAsync();
    }

    public static TheoryData<string, bool> Puts
        => [.. ((string[])["hashed", "unsigned", "signed chunks", "signed trailer", "unsigned trailer"])
            .SelectMany(kind => new[] { (kind, false), (kind, true) })];

    // Goal: however a body was sent, the new home checks what its client signed of it, and stores it.
    // Method: the request is routed in Beijing, the account moves, and only then is the body read and the write made.
    [Theory]
    [MemberData(nameof(Puts))]
    public async Task A_put_that_was_under_way_is_stored_at_the_new_home(string kind, bool isLong)
    {
        var body = isLong ? Long : Short;
        Assert.IsType<CommandResult.ObjectWritten>(await ServeAcrossMoveAsync(PutOf(kind, body)));

        Assert.Equal(body, await ReadAsync("late.bin"));
    }

    [Fact]
    public async Task A_part_a_copy_and_deletions_that_were_under_way_are_done_at_the_new_home()
    {
        var begun = Assert.IsType<CommandResult.UploadCreated>(
            await ServeAsync(Source, _client.Sign("POST", "/private/parts.bin?uploads")));
        var xml = "<Delete><Object><Key>diary.txt</Key></Object></Delete>"u8.ToArray();
        var sum = Convert.ToBase64String(SHA256.HashData(xml));

        var results = await ServeAcrossMoveAsync(
            _client.Sign("PUT", $"/private/parts.bin?partNumber=1&uploadId={begun.UploadId}", Long),
            _client.Sign("PUT", "/private/copy.txt", null, ("x-amz-copy-source", "/private/diary.txt")),
            _client.Sign("POST", "/private?delete", xml, ("x-amz-checksum-sha256", sum)),
            _client.Sign("POST", "/private/more.bin?uploads"),
            _client.Sign("PUT", "/more-private"));

        Assert.IsType<CommandResult.PartWritten>(results[0]);
        Assert.IsType<CommandResult.ObjectWritten>(results[1]);
        Assert.Single(Assert.IsType<CommandResult.ObjectsDeleted>(results[2]).Outcomes);
        Assert.Equal(Short, await ReadAsync("copy.txt"));
        Assert.Null(await FindAsync("diary.txt"));
        await using var copy = await OpenAsync(Home);
        Assert.Single((await copy.ListPartsAsync(begun.UploadId, 0, 10, Stop)).Parts);
        Assert.NotNull(await copy.FindBucketAsync("more-private", Stop));

        // The id is drawn by whoever makes the command: the client must hear the new home's.
        var created = Assert.IsType<CommandResult.UploadCreated>(results[3]);
        Assert.NotNull(await copy.FindUploadAsync("private", "more.bin", created.UploadId, Stop));
    }

    [Fact]
    public async Task What_nobody_signed_is_never_handed_over()
    {
        await using var copy = await OpenAsync(Source);
        await MoveAsync();
        var planted = new Credential(
            AccessKey.NewId(_account.Id, [1, 2, 3, 4, 5]), SecretBytes.OfText("beijing-knows-this-secret"), "", DateTimeOffset.UnixEpoch);

        Assert.Equal("SlowDown", CodeOf(await Source.Gateway.WriteAsync(copy, new AddCredential(planted), null, Stop)));

        Assert.Single(await Home.ListKeysAsync(_account.Id, Stop));
    }

    [Theory]
    [InlineData("""{"kind":"addCredential","credential":{"accessKeyId":"DK","label":"","createdAt":"2030-01-01T00:00:00Z"}}""", true)]
    [InlineData("""{"kind":"revokeCredential","accessKeyId":"DK"}""", true)]
    [InlineData("""{"kind":"createBucket","name":"b"}""", false)]
    [InlineData("""{"kind":"deleteObject","bucket":"b","key":"k","conditions":{}}""", false)]
    [InlineData("""{"accessKeyId":"DK"}""", false)]
    public void Control_can_order_changes_of_access_keys_and_nothing_else(string command, bool isTaken)
    {
        var call = $$"""{"command":{{command}}}""";
        var read = Record.Exception(() => JsonSerializer.Deserialize(call, MovesJson.Default.PeerCall));

        Assert.Equal(isTaken, read is null);
    }

    public static TheoryData<string> Forgeries
        => ["no signature", "a guessed secret", "a revoked key", "another target", "another method", "another bucket by Host",
            "another account's key", "a read", "nothing at all", "signed two hours before", "another body", "another chunk",
            "a header that wasn't signed"];

    // Goal: a former home has no more power than its clients' signatures. Each row once worked, or would be the next idea.
    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_former_home_can_do_nothing_that_the_client_has_not_signed(string forgery)
    {
        var forged = await ForgeAsync(forgery);
        await MoveAsync();
        await _deployment.EncryptedAgainAsync(TestDeployment.Singapore, _account.Id);
        var before = await DigestAsync();

        var answer = await TakeAsync(forged);

        Assert.True(answer is HandOverAnswer.Never or HandOverAnswer.Applied { Result: CommandResult.Refused }, answer.ToString());
        Assert.Equal(before, await DigestAsync());
        Assert.Equal(Short, await ReadAsync("diary.txt"));
    }

    [Fact]
    public async Task Only_the_region_that_the_account_came_from_hands_over_and_only_in_that_moves_epoch()
    {
        var request = _client.Sign("DELETE", "/private/diary.txt");
        await MoveAsync();
        var right = HandOverOf(request);

        Assert.IsType<HandOverAnswer.Never>(
            await Home.HandOvers.TakeAsync(RegionName.Parse("seattle"), right, Stream.Null, Stop));
        Assert.IsType<HandOverAnswer.Never>(await Home.HandOvers.TakeAsync(Beijing, right with { Epoch = 3 }, Stream.Null, Stop));
        Assert.IsType<HandOverAnswer.NotYet>(
            await Home.HandOvers.TakeAsync(Beijing, right with { Move = Guid.Empty }, Stream.Null, Stop));
        Assert.NotNull(await FindAsync("diary.txt"));

        Assert.IsType<HandOverAnswer.Applied>(await Home.HandOvers.TakeAsync(Beijing, right, Stream.Null, Stop));
        Assert.Null(await FindAsync("diary.txt"));
    }

    [Fact]
    public async Task The_right_ends_with_the_source_s_erasure()
    {
        var request = _client.Sign("DELETE", "/private/diary.txt");
        await MoveAsync(TimeSpan.Zero);

        Assert.IsType<HandOverAnswer.Never>(await TakeAsync(request));
        Assert.NotNull(await FindAsync("diary.txt"));
    }

    [Fact]
    public async Task The_right_ends_some_minutes_after_the_activation_though_nothing_is_erased()
    {
        var request = _client.Sign("DELETE", "/private/diary.txt");
        await MoveAsync();
        var late = new HandOverDesk(
            Home.Region with { Time = new Later(MoveLimits.HandOversMax + TimeSpan.FromSeconds(1)) }, TestDeployment.Replay,
            NullLogger<HandOverDesk>.Instance);

        Assert.IsType<HandOverAnswer.Never>(await late.TakeAsync(Beijing, HandOverOf(request), Stream.Null, Stop));
        Assert.NotNull(await FindAsync("diary.txt"));
    }

    // A client's upload of 40 minutes is honest: its signature was fresh when it began.
    [Fact]
    public async Task A_request_that_came_long_before_the_move_is_taken_by_when_it_came()
    {
        var before = new SigningClient((await Source.ListKeysAsync(_account.Id, Stop))[0].AccessKey, TestDeployment.FirstSecret)
        {
            Now = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(40),
        };
        await MoveAsync();

        Assert.IsType<CommandResult.ObjectWritten>(ResultOf(await TakeAsync(before.Sign("PUT", "/private/late.bin", Short))));
    }

    [Fact]
    public async Task An_attempt_that_is_asked_again_gets_its_first_answer()
    {
        await MoveAsync();
        var request = _client.Sign("PUT", "/private/late.bin", Short);

        var first = Assert.IsType<CommandResult.ObjectWritten>(ResultOf(await TakeAsync(request)));
        await ServeAsync(Home, _client.Sign("PUT", "/private/late.bin", Long));
        var again = Assert.IsType<CommandResult.ObjectWritten>(ResultOf(await TakeAsync(request)));

        Assert.Equivalent(first, again);
        Assert.Equal(Long, await ReadAsync("late.bin"));
    }

    [Fact]
    public async Task A_signature_is_good_for_one_attempt()
    {
        await MoveAsync();
        var request = _client.Sign("PUT", "/private/late.bin", Short);
        Assert.IsType<CommandResult.ObjectWritten>(ResultOf(await TakeAsync(request)));
        await ServeAsync(Home, _client.Sign("PUT", "/private/late.bin", Long));

        Assert.Equal("SlowDown", CodeOf(ResultOf(await TakeAsync(request, attempt: "another"))));

        Assert.Equal(Long, await ReadAsync("late.bin"));
    }

    // The client has been told that there is no such bucket: its object must not turn up once there is.
    [Fact]
    public async Task A_refusal_stays_one()
    {
        await MoveAsync();
        var request = _client.Sign("PUT", "/later/late.bin", Short);
        Assert.Equal("NoSuchBucket", CodeOf(ResultOf(await TakeAsync(request))));
        await Home.ExecuteAsync(_account.Id, new CreateBucket("later"), Stop);

        Assert.Equal("NoSuchBucket", CodeOf(ResultOf(await TakeAsync(request))));
    }

    [Fact]
    public async Task A_body_that_broke_off_on_the_link_can_come_again()
    {
        await MoveAsync();
        var request = _client.Sign("PUT", "/private/late.bin", Long);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20));
        await pipe.Writer.WriteAsync(Long.AsMemory(0, 100_000), Stop);
        await pipe.Writer.CompleteAsync(new IOException("A test cut the link."));

        Assert.IsType<HandOverAnswer.NotYet>(
            await Home.HandOvers.TakeAsync(Beijing, HandOverOf(request), pipe.Reader.AsStream(), Stop));

        Assert.IsType<CommandResult.ObjectWritten>(ResultOf(await TakeAsync(request)));
        Assert.Equal(Long, await ReadAsync("late.bin"));
    }

    private SentRequest PutOf(string kind, byte[] body)
    {
        const string target = "/private/late.bin";
        var sum = "x-amz-checksum-sha256:" + Convert.ToBase64String(SHA256.HashData(body));
        return kind switch
        {
            "hashed" => _client.Sign("PUT", target, body),
            "unsigned" => _client.SignWithoutBody("PUT", target, body),
            "signed chunks" => _client.SignChunks("PUT", target, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", body),
            "signed trailer" => _client.SignChunks("PUT", target, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", body, sum),
            _ => _client.SignChunks("PUT", target, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body, sum),
        };
    }

    private async Task<SentRequest> ForgeAsync(string forgery)
    {
        var delete = _client.Sign("DELETE", "/private/diary.txt");
        var put = _client.Sign("PUT", "/private/diary.txt", Long);
        var key = (await Source.ListKeysAsync(_account.Id, Stop))[0].AccessKey;
        switch (forgery)
        {
            case "no signature":
                return delete.Altered(request => request with
                {
                    Headers = [.. request.Headers.Where(line => line.Name != "Authorization")],
                });
            case "a guessed secret":
                return new SigningClient(key, "guessed").Sign("DELETE", "/private/diary.txt");
            case "a revoked key":
                var second = new Credential(
                    AccessKey.NewId(_account.Id, [9, 9, 9, 9, 9]), SecretBytes.OfText("second"), "", DateTimeOffset.UnixEpoch);
                await Source.ExecuteAsync(_account.Id, new AddCredential(second), Stop);
                await Source.ExecuteAsync(_account.Id, new RevokeCredential(second.AccessKeyId), Stop);
                return new SigningClient(second.AccessKeyId, "second").Sign("DELETE", "/private/diary.txt");
            case "another target":
                return _client.Sign("DELETE", "/private/other.txt")
                    .Altered(request => request with { Target = "/private/diary.txt" });
            case "another method":
                return put.Altered(request => request with { Method = "DELETE" });
            case "another bucket by Host":
                return _client.Sign("PUT", "/diary.txt").Altered(request => request with { HostBucket = "private" });
            case "another account's key":
                var other = await _deployment.AddAccountAsync(Beijing);
                return (await SigningClient.OfAsync(Source, other.Id)).Sign("DELETE", "/private/diary.txt");
            case "a read":
                return _client.Sign("GET", "/private/diary.txt");
            case "nothing at all":
                return delete.Altered(request => request with { Headers = [] });
            case "signed two hours before":
                var early = new SigningClient(key, TestDeployment.FirstSecret) { Now = TimeProvider.System.GetUtcNow().AddHours(-2) };
                return early.Sign("DELETE", "/private/diary.txt");
            case "another body":
                return put with { Body = [.. Long.Reverse()] };
            case "another chunk":
                var chunked = _client.SignChunks("PUT", "/private/diary.txt", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Long);
                chunked.Body[100_000] ^= 1;
                return chunked;
            default:
                return put.Altered(request => request with
                {
                    Headers = [.. request.Headers, new HeaderLine("x-amz-copy-source", "/private/diary.txt")],
                });
        }
    }

    /// <summary>Beijing hands it over, whatever it is.</summary>
    private Task<HandOverAnswer> TakeAsync(SentRequest request, string attempt = "attempt")
        => Home.HandOvers.TakeAsync(Beijing, HandOverOf(request, attempt), new MemoryStream(request.Body), Stop);

    private HandOver HandOverOf(SentRequest request, string attempt = "attempt")
        => new(_account.Id, _move, attempt, 2, request.ReceivedAt, request.Head);

    private async Task<CommandResult> ServeAcrossMoveAsync(SentRequest request) => (await ServeAcrossMoveAsync([request]))[0];

    private async Task<CommandResult[]> ServeAcrossMoveAsync(params SentRequest[] requests)
    {
        await using var copy = await OpenAsync(Source);
        await MoveAsync();
        var results = new List<CommandResult>();
        foreach (var request in requests)
        {
            results.Add(await ServeAsync(Source, copy, request));
        }

        return [.. results];
    }

    private static async Task<CommandResult> ServeAsync(RegionNode node, AccountCopy copy, SentRequest request)
    {
        var heard = new Heard(node.Gateway);
        var refusal = await TestDeployment.Replay.RunAsync(
            copy, request.Head, new MemoryStream(request.Body), request.ReceivedAt, heard, Stop);
        Assert.Null(refusal);
        return heard.Result!;
    }

    private async Task<CommandResult> ServeAsync(RegionNode node, SentRequest request)
    {
        await using var copy = await OpenAsync(node);
        return await ServeAsync(node, copy, request);
    }

    // Until the source is a tombstone, or, where it is to erase at once, until the end.
    private async Task MoveAsync(TimeSpan? eraseAfter = null)
    {
        var request = TestDeployment.Request(_account, Beijing, TestDeployment.Singapore);
        var requested = Assert.IsType<MoveRequestResult.Accepted>(
            await _desk.RequestAsync(request with { EraseAfter = eraseAfter ?? TimeSpan.FromHours(1) }, Stop));
        _move = requested.Move.Id;
        while (true)
        {
            var ticket = _desk.ChangeCount;
            if (_desk.Find(_move) is { } move && (eraseAfter is null ? move.HasSettled : move.IsOver))
            {
                return;
            }

            await _desk.ChangedSince(ticket, Stop);
        }
    }

    private async Task<AccountCopy> OpenAsync(RegionNode node)
        => Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(_account.Id, isWrite: false, Stop)).Copy;

    private async Task<ObjectVersion?> FindAsync(string key)
    {
        await using var copy = await OpenAsync(Home);
        return await copy.FindObjectAsync("private", key, null, Stop);
    }

    private async Task<byte[]> ReadAsync(string key)
    {
        await using var copy = await OpenAsync(Home);
        var found = (await copy.FindObjectAsync("private", key, null, Stop))!;
        using var bytes = new MemoryStream();
        var output = PipeWriter.Create(bytes, new StreamPipeWriterOptions(leaveOpen: true));
        await copy.ReadContentAsync(found.Pieces, 0, found.SizeBytes, output, Stop);
        await output.CompleteAsync();
        return bytes.ToArray();
    }

    private async Task<string> DigestAsync()
    {
        await using var copy = await OpenAsync(Home);
        return Convert.ToHexString(copy.Store.Row!.Digest.Span);
    }

    private static CommandResult ResultOf(HandOverAnswer answer) => Assert.IsType<HandOverAnswer.Applied>(answer).Result;

    private static string CodeOf(CommandResult result) => Assert.IsType<CommandResult.Refused>(result).Code;

    /// <summary>What the gateway said to the operation.</summary>
    private sealed class Heard(IAccountWrites gateway) : IAccountWrites
    {
        public CommandResult? Result { get; private set; }

        public async Task<CommandResult> WriteAsync(
            AccountCopy copy, AccountCommand command, ISignedRequest? request, CancellationToken cancellationToken)
            => Result = await gateway.WriteAsync(copy, command, request, cancellationToken);
    }

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
