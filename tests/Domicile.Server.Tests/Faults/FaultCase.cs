using System.Text;
using Amazon.S3.Model;
using Domicile.Cli.Demo;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>One account whose clients go on all the time, and one move of it that stands still at its point.</summary>
internal sealed class FaultCase : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(800);

    // A request waits at the gateway for 20 s at most.
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan ClearingPatience = TimeSpan.FromSeconds(20);

    private readonly LiveDeployment _deployment;
    private readonly NewAccountView _account;
    private readonly Workload _workload;

    private FaultCase(LiveDeployment deployment, FaultPoint point, NewAccountView account, Workload workload)
    {
        _deployment = deployment;
        _account = account;
        _workload = workload;
        Point = point;
    }

    public FaultPoint Point { get; }

    public Guid Move { get; private set; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="seed">What the clients do is drawn from it.</param>
    public static async Task<FaultCase> BeginAsync(LiveDeployment deployment, FaultPoint point, int seed)
    {
        var account = await deployment.Control.AddAccountAsync("IN", FaultPoint.Source);
        var workload = await Workload.StartAsync(
            deployment, account, clients: 2, seed, retries: false, Pace, ClientPatience);
        var one = new FaultCase(deployment, point, account, workload);
        await one.MarkAsync();
        await workload.WritesGoOnAsync(1);
        return one;
    }

    /// <summary>Begins the move; returns when it stands at its point.</summary>
    public async Task ReachAsync()
    {
        await SetAsync(Point.Party, Point.Name);
        if (Point.GoesBack)
        {
            await SetAsync(FaultPoint.Target, FaultPoint.BeforeAbort);
        }

        Move = (await _deployment.Control.BeginMoveAsync(_account.Account, FaultPoint.Target)).Move;
        if (Point.GoesBack)
        {
            await ReachedAsync(FaultPoint.Target, FaultPoint.BeforeAbort);
            await _deployment.Control.AbortMoveAsync(Move);
            CrashPoints.Release(_deployment, FaultPoint.Target, FaultPoint.BeforeAbort, _account.Account);
        }

        await ReachedAsync(Point.Party, Point.Name);
    }

    /// <summary>Lets the move go on from its point.</summary>
    public void Release() => CrashPoints.Release(_deployment, Point.Party, Point.Name, _account.Account);

    /// <summary>The move is over: the clients' writes must go on. Then they stop.</summary>
    /// <returns>What is wrong.</returns>
    public async Task<IReadOnlyList<string>> GoOnAsync()
    {
        try
        {
            await _workload.WritesGoOnAsync(1);
            await _workload.StopAsync();
            return [];
        }
        catch (TimeoutException late)
        {
            return [late.Message];
        }
    }

    /// <summary>The move is over. What is wrong with what is left of it, and with what the clients saw?</summary>
    public async Task<IReadOnlyList<string>> JudgeAsync(MoveView end)
    {
        var troubles = new List<string>();
        var (home, other) = end.State == "done"
            ? (FaultPoint.Target, FaultPoint.Source) : (FaultPoint.Source, FaultPoint.Target);
        if (end.State is not ("done" or "aborted"))
        {
            return [$"the move is {end.State}: {end.Reason} {end.Trouble}"];
        }

        if (end is { State: "done", PauseMs: null or <= 0 })
        {
            troubles.Add($"the move, and so its receipt, says that writes waited {end.PauseMs} ms");
        }

        troubles.AddRange((await _workload.JudgeAsync()).Select(violation => violation.ToString()));

        var rows = await ClearedAsync(home);
        if (rows.Any(row => row.Region != home && row.HasData))
        {
            troubles.Add($"{other} keeps data after {end.State}: {string.Join(", ", rows)}");
        }

        var active = rows.Where(row => row.State == AccountRowOnDisk.Active).Select(row => row.Region).ToList();
        if (!active.SequenceEqual([home]))
        {
            troubles.Add($"after {end.State}: {string.Join(", ", rows)}");
        }

        var shown = await _deployment.Control.ShowAccountAsync(_account.Account);
        if (shown.Home != home || shown.Epoch != rows.Single(row => row.Region == home).Epoch)
        {
            troubles.Add($"the directory says {shown}");
        }

        var verified = (await _deployment.Control.VerifyAsync(_account.Account)).Result;
        troubles.AddRange(verified.Troubles);
        return [.. troubles, .. verified.DigestMatches ? Array.Empty<string>() : ["the set digest is wrong"], .. Markers(home, other)];
    }

    public ValueTask DisposeAsync() => _workload.DisposeAsync();

    // What a refused move has brought is cleared away after the answer.
    private async Task<IReadOnlyList<AccountRowOnDisk>> ClearedAsync(string home)
    {
        try
        {
            await Eventually.HoldsAsync(
                () => Task.FromResult(Rows().All(row => row.Region == home || !row.HasData)), "cleared", ClearingPatience);
        }
        catch (TimeoutException)
        {
            // As it stands.
        }

        return Rows();
    }

    private IReadOnlyList<AccountRowOnDisk> Rows() => AccountRowOnDisk.Read(_deployment, _account.Account);

    private IEnumerable<string> Markers(string home, string other)
    {
        var left = MarkerScan.Search(DirectoryIn(other), Names(), Cancelled).Finds;
        var kept = MarkerScan.Search(DirectoryIn(home), Names(), Cancelled).Finds;
        return left.Select(one => $"{other} still has marker {one.Needle} in {one.File}")
            .Concat(kept.Count > 0 ? [] : ["the search for markers finds none where they must be"]);
    }

    private string DirectoryIn(string region)
    {
        var path = Path.Combine(_deployment.DirectoryOf(region), "accounts", _account.Account[..2], _account.Account);
        return Directory.CreateDirectory(path).FullName;
    }

    // Names and metadata, which no encryption hides in the files; a content that lies in a file; an upload.
    private async Task MarkAsync()
    {
        using var s3 = _deployment.OpenS3(_account);
        var markers = Names().Select(Encoding.ASCII.GetString).ToList();
        var put = new PutObjectRequest
        {
            BucketName = Workload.Plain,
            Key = $"{markers[0]}/file",
            ContentBody = new string('x', 200_000),
        };
        put.Metadata["note"] = markers[1];
        await s3.PutObjectAsync(put, Cancelled);
        await s3.InitiateMultipartUploadAsync(Workload.Versioned, $"{markers[0]}/upload", Cancelled);
    }

    private byte[][] Names()
        => [.. new[] { $"marker-key-{_account.Account}", $"marker-note-{_account.Account}" }.Select(Encoding.ASCII.GetBytes)];

    private Task SetAsync(string process, string point)
        => CrashPoints.SetAsync(_deployment, process, point, "pause", _account.Account);

    private Task ReachedAsync(string process, string point)
        => CrashPoints.ReachedAsync(_deployment, process, point, _account.Account);
}
