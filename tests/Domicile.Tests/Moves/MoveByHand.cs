using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>
/// A move whose steps a test asks for itself, message by message: an account in Beijing with one bucket, and the order that
/// takes it to Singapore.
/// </summary>
internal sealed class MoveByHand : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private MoveByHand(TestDeployment deployment, AccountProfile account, byte[] clientsWrite)
    {
        (Deployment, ClientsWrite) = (deployment, clientsWrite);
        Account = account;
        Order = OrderOf(1, epoch: 1, TestDeployment.Beijing, TestDeployment.Singapore);
    }

    public TestDeployment Deployment { get; }

    public AccountProfile Account { get; }

    public MoveOrder Order { get; }

    /// <summary>The head of a request that the account's client has signed: a bucket named handed-over.</summary>
    public byte[] ClientsWrite { get; }

    public RegionNode Source => Deployment.Node(TestDeployment.Beijing);

    public RegionNode Target => Deployment.Node(TestDeployment.Singapore);

    public AccountStore AtSource => Source.Region.Storage.Find(Account.Id)!;

    public AccountStore AtTarget => Target.Region.Storage.Open(Account.Id);

    /// <summary>What the source said when it was sealed.</summary>
    public StepAnswer.Sealed? Final { get; private set; }

    public byte[] Departure { get; private set; } = [];

    public byte[] Arrival { get; private set; } = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<MoveByHand> StartAsync()
    {
        var deployment = await TestDeployment.StartAsync();
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var client = await SigningClient.OfAsync(deployment.Node(TestDeployment.Beijing), account.Id);
        var move = new MoveByHand(deployment, account, client.Sign("PUT", "/handed-over").Head);
        await move.WriteAsync(move.Source, new CreateBucket("photos"));
        return move;
    }

    /// <summary>The order of another move of this account.</summary>
    /// <param name="number">Its id's last digits.</param>
    public MoveOrder OrderOf(int number, long epoch, RegionName source, RegionName target)
        => Deployment.Orders.Sign(new MoveOrder(
            Guid.Parse($"00000000-0000-0000-0000-{number:D12}"), Account, epoch, source, target, 1, new byte[32]));

    /// <summary>A write of the account's client, which must succeed.</summary>
    public async Task WriteAsync(RegionNode home, AccountCommand command)
    {
        var here = Assert.IsType<Route.Here>(await home.Gateway.RouteAsync(Account.Id, isWrite: true, Stop));
        await using (here.Copy)
        {
            Assert.IsNotType<CommandResult.Refused>(await home.Gateway.WriteAsync(here.Copy, command, null, Stop));
        }
    }

    /// <summary>Step 2, until the target has everything.</summary>
    public async Task CopyAsync()
    {
        Assert.IsType<StepAnswer.Prepared>(await Source.PrepareAsync(Order, Stop));
        Assert.IsType<StepAnswer.Arriving>(await Target.ArriveAsync(Order, Stop));
        await UntilAsync(AtTarget, row => row.Cursor == AtSource.Row!.Seq);
    }

    /// <summary>Steps 2 and 3.</summary>
    public async Task SealAsync()
    {
        await CopyAsync();
        Final = Assert.IsType<StepAnswer.Sealed>(await Source.SealAsync(Order, Stop));
    }

    /// <summary>Steps 2 to 5.</summary>
    public async Task DepartAsync()
    {
        await SealAsync();
        Assert.IsType<StepAnswer.Drained>(await Target.DrainAsync(Order, Final!.FinalSeq, Stop));
        Departure = Assert.IsType<StepAnswer.Departing>(await Source.DepartAsync(Order, Stop)).Statement;
    }

    /// <summary>Step 6, with what the source said, or what a test says instead.</summary>
    public Task<StepAnswer> ActivateAsync(MoveOrder? order = null, long? finalSeq = null, byte[]? digest = null)
        => Target.ActivateAsync(order ?? Order, finalSeq ?? Final!.FinalSeq, digest ?? Final!.Digest, Departure, Stop);

    /// <summary>Steps 2 to 7.</summary>
    public async Task SettleAsync()
    {
        await DepartAsync();
        Arrival = Assert.IsType<StepAnswer.Activated>(await ActivateAsync()).Statement;
        Assert.IsType<StepAnswer.Departed>(await Source.SettleAsync(Order, Stop));
    }

    /// <summary>Puts a row by hand, as no message could: a check that stands behind another is seen alone.</summary>
    public static Task PutRowAsync(AccountStore store, Func<AccountRow, AccountRow> change)
        => store.WriteAsync(
            transaction =>
            {
                transaction.PutRow(change(transaction.Row!));
                return true;
            },
            Stop);

    /// <summary>The record of a move in this region, if there is one.</summary>
    public static RegionMoveRecord? RecordIn(AccountStore store, MoveOrder order, MoveRole role)
        => store.Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, role));

    public static async Task UntilAsync(AccountStore store, Func<AccountRow, bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(Patience);
        for (var ticket = store.CommitCount; store.Row is not { } row || !holds(row); ticket = store.CommitCount)
        {
            await store.ChangedSince(ticket, limit.Token);
        }
    }

    public ValueTask DisposeAsync() => Deployment.DisposeAsync();
}
