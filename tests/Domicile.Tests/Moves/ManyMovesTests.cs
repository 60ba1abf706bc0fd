using Domicile.Accounts;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>What regions keep in memory does not grow with the number of moves.</summary>
[Collection(nameof(ManyMovesTests))]
[CollectionDefinition(nameof(ManyMovesTests), DisableParallelization = true)]
public sealed class ManyMovesTests
{
    private const int Moves = 60;

    // What one leaves that leaves a store, a task or a record of itself is some thousands.
    private const int BytesOfMoveMax = 500;

    private static readonly RegionName[] Regions = [TestDeployment.Beijing, TestDeployment.Singapore];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>
    /// Goal: a run of moves leaves nothing behind in memory. Method: sixty accounts go, side by side; then no pull, no gate and
    /// no task of any of them is kept, and what the target knew of their stores is collected.
    /// </summary>
    [Fact]
    public async Task Nothing_is_kept_of_moves_that_are_over()
    {
        await using var deployment = await TestDeployment.StartAsync();
        await using var desk = deployment.OpenDesk();
        desk.AtOnce = 8;
        var accounts = await AddAsync(deployment, Moves);

        await MoveAllAsync(deployment, desk, accounts, epoch: 1);

        foreach (var region in Regions)
        {
            Assert.Empty(deployment.Storage(region).StartMarks.All);
        }
    }

    /// <summary>
    /// Goal: memory does not rise over a run of moves. Method: accounts go to and fro two thousand times. After five hundred moves
    /// pools are full and code is compiled; what is in use after two thousand is what was in use then, but for a little.
    /// </summary>
    [Fact]
    public async Task Two_thousand_moves_leave_the_memory_as_it_was()
    {
        const int accountsMoved = 50;
        const int moves = 2_000;
        const int movesBefore = 500;
        await using var deployment = await TestDeployment.StartAsync();
        await using var desk = deployment.OpenDesk();
        desk.AtOnce = 8;
        var accounts = await AddAsync(deployment, accountsMoved);

        var before = 0L;
        for (var epoch = 1; epoch <= moves / accountsMoved; epoch++)
        {
            await MoveAllAsync(deployment, desk, accounts, epoch);
            deployment.Records.ForgetOver();
            before = epoch == movesBefore / accountsMoved ? BytesInUse() : before;
        }

        var grown = BytesInUse() - before;
        Assert.True(
            grown < (moves - movesBefore) * BytesOfMoveMax, $"{grown} bytes more are in use after {moves - movesBefore} moves.");
    }

    private static async Task<List<AccountProfile>> AddAsync(TestDeployment deployment, int count)
    {
        var accounts = new List<AccountProfile>();
        for (var i = 0; i < count; i++)
        {
            accounts.Add(await deployment.AddAccountAsync(Regions[0]));
        }

        return accounts;
    }

    private static async Task MoveAllAsync(
        TestDeployment deployment, MoveDesk desk, List<AccountProfile> accounts, long epoch)
    {
        var (from, to) = (Regions[(int)(epoch - 1) % 2], Regions[(int)epoch % 2]);
        foreach (var account in accounts)
        {
            Assert.IsType<MoveRequestResult.Accepted>(await desk.RequestAsync(
                TestDeployment.Request(account, from, to, epoch), Cancelled));
        }

        for (var seen = desk.ChangeCount; desk.ListOpen().Count > 0; seen = desk.ChangeCount)
        {
            await desk.ChangedSince(seen, Cancelled).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        }

        foreach (var account in accounts)
        {
            await deployment.EncryptedAgainAsync(to, account.Id);
        }

        Assert.All(desk.List(accounts.Count), move => Assert.Equal(MoveState.Done, move.State));
        await EmptyAsync(() => desk.KeptCount);
        foreach (var region in Regions)
        {
            await EmptyAsync(() => deployment.Node(region).KeptCount);
        }
    }

    private static long BytesInUse()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    // What ends a move is told before its last task is over.
    private static async Task EmptyAsync(Func<int> kept)
    {
        for (var begun = TimeProvider.System.GetTimestamp(); kept() > 0;)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(30), $"{kept()} are kept.");
            await Task.Yield();
        }
    }
}
