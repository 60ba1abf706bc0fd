using System.IO.Pipelines;
using System.Text;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Xunit;

namespace Domicile.Tests.Moves;

public sealed class MoveTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    // Goal: everything an account has is at the target afterwards, and not a byte of it at the source.
    // Method: objects inline and in files, versions, markers, an upload under way and a key; markers are searched in all files.
    [Fact]
    public async Task A_move_takes_everything_along_and_leaves_nothing()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var source = deployment.Node(TestDeployment.Beijing);
        await RunAsync(source, account, new CreateBucket("marker-bucket"));
        await RunAsync(source, account, new PutBucketVersioning("marker-bucket", Versioning.Enabled));
        foreach (var size in new[] { 0, 1, 40, 40_000, 70_000, 300_000 })
        {
            await PutAsync(source, account, "marker-bucket", $"marker-key-{size}", size);
            await PutAsync(source, account, "marker-bucket", $"marker-key-{size}", size + 1);
        }

        await RunAsync(source, account, new DeleteObject("marker-bucket", "marker-key-40", null, WriteConditions.None));
        await RunAsync(source, account, new CreateUpload(
            "marker-bucket", "marker-upload", new string('a', 32), new ObjectHeaders(), new Dictionary<string, string>(), null, false));
        var before = await ListAsync(source, account);

        await using var desk = deployment.OpenDesk();
        var move = await MoveAsync(desk, account, TestDeployment.Beijing, TestDeployment.Singapore);

        Assert.Equal(MoveState.Done, move.State);
        var target = deployment.Node(TestDeployment.Singapore);
        Assert.Equal(before, await ListAsync(target, account));
        Assert.Equal(new string('x', 300_001), await ReadAsync(target, account, "marker-bucket", "marker-key-300000"));
        var deep = await target.VerifyDeepAsync(account.Id, Stop);
        Assert.Empty(deep.Troubles);
        Assert.Single(await target.ListKeysAsync(account.Id, Stop));
        await using (var copy = await OpenAsync(target, account))
        {
            Assert.NotNull(await copy.FindUploadAsync("marker-bucket", "marker-upload", new string('a', 32), Stop));
        }

        AssertNoTrace(deployment.DirectoryOf(TestDeployment.Beijing), "marker-");
        Assert.IsType<Route.Forward>(await RoutedAsync(source, account));
    }

    // Goal: a region that got an old backup back neither serves nor takes writes for an account that has left since.
    // Method: the directory says what control says after such a move; the row stays as the backup had it.
    [Theory]
    [InlineData("singapore", typeof(Route.Redirect))]
    [InlineData("beijing", typeof(Route.Damaged))]
    [InlineData(null, typeof(Route.Unknown))]
    public async Task A_copy_older_than_the_accounts_home_is_not_served(string? home, Type expected)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var node = deployment.Node(TestDeployment.Beijing);
        var (now, before) = (home is null ? (RegionName?)null : RegionName.Parse(home), TestDeployment.Beijing);

        node.Region.Directory.Take(new DirectoryUpdate([new DirectoryEntry(account, before, 1, 1)], 1, null));
        await using (var copy = await OpenAsync(node, account))
        {
            Assert.Equal(1, copy.Epoch);
        }

        node.Region.Directory.Take(new DirectoryUpdate([new DirectoryEntry(account, now, 3, 2)], 1, null));

        // Transit is permitted in this deployment: a relay to Singapore is a redirect's equal.
        var route = await node.Gateway.RouteAsync(account.Id, isWrite: true, Stop);
        Assert.True(route.GetType() == expected || (route is Route.Forward forward && forward.Home == now), route.ToString());
        var finding = Assert.Single(await node.ExamineAsync(Stop), found => found.Status == "error");
        Assert.Contains(account.Id.Value, finding.Finding);
    }

    // Goal: a client whose answer was lost in the cut-over is told the same at the new home. Method: each write at the former
    // home, the move, and the same write at the new one.
    [Fact]
    public async Task A_write_that_is_sent_again_after_the_move_is_answered_as_before_it()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var (source, target) = (deployment.Node(TestDeployment.Beijing), deployment.Node(TestDeployment.Singapore));
        await RunAsync(source, account, new CreateBucket("photos"));
        await RunAsync(source, account, new CreateUpload(
            "photos", "whole", "uploaduploaduploaduploaduploadup", new ObjectHeaders(), new Dictionary<string, string>(), null, false));
        await PutAsync(source, account, "photos", "single", 10, part: "uploaduploaduploaduploaduploadup");
        var writes = new (AccountCommand Command, string? Code)[]
        {
            (new CompleteUpload(
                "photos", "whole", "uploaduploaduploaduploaduploadup", [new PartToComplete(1, "etag", null)], null, null,
                WriteConditions.None), null),
            (new PutBucketTags("photos", new Dictionary<string, string> { ["a"] = "b" }), null),
            (new PutObjectTags("photos", "whole", null, new Dictionary<string, string> { ["a"] = "b" }), null),
            (new CopyObject(
                "photos", "whole", null, WriteConditions.None, "photos", "copied", null, null, WriteConditions.None), null),
            (new DeleteObject("photos", "nothing", null, WriteConditions.None), null),
            (new CreateBucket("new"), "BucketAlreadyOwnedByYou"),
        };
        var before = new List<CommandResult>();
        foreach (var (command, _) in writes)
        {
            before.Add(await source.ExecuteAsync(account.Id, command, Stop));
        }

        await using var desk = deployment.OpenDesk();
        Assert.Equal(MoveState.Done, (await MoveAsync(desk, account, TestDeployment.Beijing, TestDeployment.Singapore)).State);

        foreach (var ((command, code), first) in writes.Zip(before))
        {
            Assert.IsNotType<CommandResult.Refused>(first);
            var again = await target.ExecuteAsync(account.Id, command, Stop);
            if (code is not null)
            {
                Assert.Equal(code, Assert.IsType<CommandResult.Refused>(again).Code);
            }
            else if (first is CommandResult.ObjectWritten written)
            {
                Assert.Equal(written.ETag, Assert.IsType<CommandResult.ObjectWritten>(again).ETag);
            }
            else
            {
                Assert.Equal(first.GetType(), again.GetType());
            }
        }
    }

    // Goal: whichever question or answer is lost, the move ends with the account at exactly one home.
    // Method: lose the n-th call, once, for every n; both as a lost question and as a lost answer.
    [Fact]
    public async Task A_move_survives_the_loss_of_any_one_message()
    {
        string[] calls = ["prepare", "arrive", "seal", "drain", "depart", "activate", "settle", "erase", "endHandOvers"];
        foreach (var lost in calls.SelectMany(call => new[] { call, $"{call} answered" }))
        {
            await using var deployment = await TestDeployment.StartAsync();
            var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
            await RunAsync(deployment.Node(TestDeployment.Beijing), account, new CreateBucket("photos"));
            var isLost = false;
            deployment.Break = (region, call) =>
            {
                if (call == lost && !isLost)
                {
                    isLost = true;
                    throw new RegionUnreachableException(region, "a test cut the link");
                }
            };
            await using var desk = deployment.OpenDesk();
            var move = await MoveAsync(desk, account, TestDeployment.Beijing, TestDeployment.Singapore);
            Assert.True(isLost, lost);
            Assert.Equal(MoveState.Done, move.State);
            await RunAsync(deployment.Node(TestDeployment.Singapore), account, new CreateBucket("contacts"));
        }
    }

    // Goal: the cut-over is one record of control's; whoever takes it up learns the rest from the regions, receipt included.
    // Method: a runner's life ends at the n-th call, before it or after it acted, and another runner goes on from the record.
    [Fact]
    public async Task A_move_goes_on_under_another_control_wherever_the_first_one_ended()
    {
        string[] calls = ["prepare", "arrive", "seal", "drain", "depart", "activate", "settle", "erase", "endHandOvers"];
        foreach (var last in calls.SelectMany(call => new[] { call, $"{call} answered" }))
        {
            await using var deployment = await TestDeployment.StartAsync();
            var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
            await RunAsync(deployment.Node(TestDeployment.Beijing), account, new CreateBucket("photos"));
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            deployment.Break = (_, call) =>
            {
                if (call == last)
                {
                    ended.SetResult();
                    throw new InvalidOperationException("control ends here");
                }
            };
            Guid move;
            await using (var first = deployment.OpenDesk())
            {
                var request = TestDeployment.Request(account, TestDeployment.Beijing, TestDeployment.Singapore);
                move = Assert.IsType<MoveRequestResult.Accepted>(await first.RequestAsync(request, Stop)).Move.Id;
                await ended.Task.WaitAsync(Stop);
            }

            deployment.Break = (_, _) => { };
            await using var second = deployment.OpenDesk();
            second.Resume();
            var done = await EndedAsync(second, move);
            Assert.Equal((last, MoveState.Done), (last, done.State));
            Assert.All([done.Departure, done.Arrival, done.Erasure], statement => Assert.NotEmpty(statement!));
            await RunAsync(deployment.Node(TestDeployment.Singapore), account, new CreateBucket("contacts"));
        }
    }

    [Fact]
    public async Task A_move_that_the_policy_comes_to_forbid_goes_back_and_the_source_writes_on()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        deployment.Break = (_, call) => deployment.Permits &= call != "depart";
        await using var desk = deployment.OpenDesk();
        var move = await MoveAsync(desk, account, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.Equal(MoveState.Aborted, move.State);
        await RunAsync(deployment.Node(TestDeployment.Beijing), account, new CreateBucket("photos"));

        // And nothing keeps the next move from working.
        deployment.Break = (_, _) => { };
        deployment.Permits = true;
        move = await MoveAsync(desk, account, TestDeployment.Beijing, TestDeployment.Singapore);
        Assert.Equal(MoveState.Done, move.State);
    }

    // Goal: who was told that a move goes back can rely on it, whatever becomes of control.
    // Method: the target can't be reached, so the move stays in copy; abort; control ends, another takes over, the link heals.
    [Fact]
    public async Task An_abort_that_was_answered_outlives_control()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        deployment.Break = (region, _) =>
        {
            if (region == TestDeployment.Singapore)
            {
                throw new RegionUnreachableException(region, "a test cut the link");
            }
        };
        Guid id;
        await using (var first = deployment.OpenDesk())
        {
            var requested = await first.RequestAsync(
                TestDeployment.Request(account, TestDeployment.Beijing, TestDeployment.Singapore), Stop);
            id = Assert.IsType<MoveRequestResult.Accepted>(requested).Move.Id;
            Assert.IsType<AbortResult.Asked>(await first.AbortAsync(id, "a test wants it back", Stop));
        }

        deployment.Break = (_, _) => { };
        await using var second = deployment.OpenDesk();
        second.Resume();
        var move = await EndedAsync(second, id);
        Assert.Equal((MoveState.Aborted, "a test wants it back"), (move.State, move.Reason));
        await RunAsync(deployment.Node(TestDeployment.Beijing), account, new CreateBucket("photos"));
    }

    [Fact]
    public async Task An_account_moves_there_and_back_again()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var home = deployment.Node(TestDeployment.Beijing);
        await RunAsync(home, account, new CreateBucket("photos"));
        await PutAsync(home, account, "photos", "one", 50_000);
        await using var desk = deployment.OpenDesk();
        await MoveAsync(desk, account, TestDeployment.Beijing, TestDeployment.Singapore);
        await PutAsync(deployment.Node(TestDeployment.Singapore), account, "photos", "two", 60_000);
        var back = await MoveAsync(desk, account, TestDeployment.Singapore, TestDeployment.Beijing, epoch: 2);
        Assert.Equal(MoveState.Done, back.State);
        Assert.Equal(60_000, (await ReadAsync(home, account, "photos", "two")).Length);
        Assert.Equal(50_000, (await ReadAsync(home, account, "photos", "one")).Length);
    }

    private static async Task<Move> MoveAsync(
        MoveDesk desk, AccountProfile account, RegionName from, RegionName to, long epoch = 1)
    {
        var answer = await desk.RequestAsync(TestDeployment.Request(account, from, to, epoch), Stop);
        return await EndedAsync(desk, Assert.IsType<MoveRequestResult.Accepted>(answer).Move.Id);
    }

    private static Task<Move> EndedAsync(MoveDesk desk, Guid id) => UntilAsync(desk, id, move => move.IsOver);

    private static async Task<Move> UntilAsync(MoveDesk desk, Guid id, Func<Move, bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var ticket = desk.ChangeCount;
            if (desk.Find(id)! is var move && holds(move))
            {
                return move;
            }

            await desk.ChangedSince(ticket, limit.Token);
        }
    }

    private static async Task RunAsync(RegionNode node, AccountProfile account, AccountCommand command)
    {
        var result = await node.ExecuteAsync(account.Id, command, Stop);
        Assert.False(result is CommandResult.Refused, result.ToString());
    }

    private static async Task PutAsync(
        RegionNode node, AccountProfile account, string bucket, string key, int size, string? part = null)
    {
        await using var copy = await OpenAsync(node, account);
        await using var writer = copy.StageContent();
        await writer.WriteAsync(Encoding.ASCII.GetBytes(new string('x', size)), Stop);
        var staged = await writer.CompleteAsync(Stop);
        AccountCommand command = part is null ? Put(bucket, key, staged) : new PutPart(bucket, "whole", part, 1, staged, "etag", null);
        Assert.IsNotType<CommandResult.Refused>(await node.Gateway.WriteAsync(copy, command, null, Stop));
        writer.Adopted();
    }

    private static PutObject Put(string bucket, string key, StagedContent staged)
        => new(
            bucket, key, staged, new string('0', 32), new ObjectHeaders { ContentType = "marker-type" }, [],
            new Dictionary<string, string>(), WriteConditions.None);

    private static async Task<AccountCopy> OpenAsync(RegionNode node, AccountProfile account)
        => Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(account.Id, isWrite: false, Stop)).Copy;

    private static ValueTask<Route> RoutedAsync(RegionNode node, AccountProfile account)
        => node.Gateway.RouteAsync(account.Id, isWrite: false, Stop);

    private static async Task<string> ListAsync(RegionNode node, AccountProfile account)
    {
        await using var copy = await OpenAsync(node, account);
        var page = await copy.ListVersionsAsync(new VersionQuery("marker-bucket", "", "", null, null, 1000), Stop);
        return string.Join('\n', page.Versions.Select(version =>
            $"{version.Key} {version.VersionId} {version.Born} {version.SizeBytes} {version.IsDeleteMarker} {version.ModifiedAt:O}"));
    }

    private static async Task<string> ReadAsync(RegionNode node, AccountProfile account, string bucket, string key)
    {
        await using var copy = await OpenAsync(node, account);
        var version = (await copy.FindObjectAsync(bucket, key, null, Stop))!;
        var stream = new MemoryStream();
        var writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await copy.ReadContentAsync(version.Pieces, 0, version.SizeBytes, writer, Stop);
        await writer.CompleteAsync();
        return Encoding.ASCII.GetString(stream.ToArray());
    }

    private static void AssertNoTrace(string directory, string marker)
    {
        var bytes = Encoding.ASCII.GetBytes(marker);
        // Lock files are empty and can't be opened while the region has them.
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Where(file => new FileInfo(file).Length > 0))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            Assert.True(content.AsSpan().IndexOf(bytes) < 0, $"{file} still has '{marker}'.");
        }
    }
}
