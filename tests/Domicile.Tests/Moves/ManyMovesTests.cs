using Domicile.Accounts;
using Domicile.Moves;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>What regions keep in memory does not grow with the number of moves.</summary>
public sealed class ManyMovesTests
{
    private const int Moves = 60;

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
        var accounts = new List<AccountProfile>();
        for (var i = 0; i < Moves; i++)
        {
            accounts.Add(await deployment.AddAccountAsync(TestDeployment.Beijing));
        }

        foreach (var account in accounts)
        {
            Assert.IsType<MoveRequestResult.Accepted>(await desk.RequestAsync(
                TestDeployment.Request(account, TestDeployment.Beijing, TestDeployment.Singapore), Cancelled));
        }

        for (var seen = desk.ChangeCount; desk.ListOpen().Count > 0; seen = desk.ChangeCount)
        {
            await desk.ChangedSince(seen, Cancelled).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        }

        foreach (var account in accounts)
        {
            await deployment.EncryptedAgainAsync(TestDeployment.Singapore, account.Id);
        }

        Assert.All(desk.List(Moves), move => Assert.Equal(MoveState.Done, move.State));
        await EmptyAsync(() => desk.KeptCount);
        foreach (var region in (RegionName[])[TestDeployment.Beijing, TestDeployment.Singapore])
        {
            await EmptyAsync(() => deployment.Node(region).KeptCount);
            Assert.Empty(deployment.Storage(region).StartMarks.All);
        }
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
