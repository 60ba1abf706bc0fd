using System.IO.Pipelines;
using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>
/// What regions do at somebody's order (docs/protocols/move.md, "Who may say what"): the liar is another region, or whoever
/// has control's certificate without its key.
/// </summary>
public sealed class OrderTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly RegionName California = RegionName.Parse("california");

    public static TheoryData<string> Steps =>
        ["prepare", "arrive", "seal", "drain", "depart", "activate", "refuse", "unseal", "settle", "erase", "discard"];

    // Goal: no step is taken by an order that control has not signed, and nothing is written by it.
    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_region_takes_no_step_by_an_order_that_control_has_not_signed(string step)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var node = deployment.Node(TestDeployment.Beijing);
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        using var stranger = EcdsaSigner.Generate();
        var forged = new OrderSigner(stranger).Sign(Order(account));
        var before = node.Region.Storage.Find(account.Id)!.CommitCount;

        await Assert.ThrowsAsync<OrderRefusedException>(() => StepAsync(node, step, forged));
        await Assert.ThrowsAsync<OrderRefusedException>(() => StepAsync(node, step, Order(account)));

        Assert.Equal(before, node.Region.Storage.Find(account.Id)!.CommitCount);
    }

    // Goal: a region can't make another create accounts.
    [Fact]
    public async Task A_refusal_of_an_account_that_nobody_ordered_to_move_creates_nothing()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var node = deployment.Node(TestDeployment.Singapore);
        var unknown = Order(Profile());

        await Assert.ThrowsAsync<OrderRefusedException>(() => node.RefuseAsync(unknown, "Because.", Stop));

        Assert.DoesNotContain(unknown.Account, node.Region.Storage.Accounts());
    }

    // Goal: each field is under the signature.
    [Fact]
    public void An_order_of_which_one_field_was_changed_is_not_controls()
    {
        using var key = EcdsaSigner.Generate();
        var good = new OrderSigner(key).Sign(Order(Profile() with { Organisation = "acme" }));
        var check = new OrderCheck(key.PublicKey);
        MoveOrder[] changed =
        [
            good with { Move = Guid.Empty }, good with { Epoch = 2 }, good with { Source = California },
            good with { Target = California }, good with { PolicyRevision = 0 }, good with { Salt = new byte[31] },
            good with { Profile = Profile() }, good with { Profile = good.Profile with { Organisation = null } },
            good with { Profile = good.Profile with { Residence = Country.Parse("CN") } }, good with { Signature = [] },
            good with { Signature = null! }, good with { Salt = null! }, good with { Profile = null! },
        ];

        Assert.True(check.IsControls(good));
        Assert.True(check.IsControls(good));
        Assert.All(changed, one => Assert.False(check.IsControls(one)));
        using var other = EcdsaSigner.Generate();
        Assert.False(new OrderCheck(other.PublicKey).IsControls(good));
    }

    // Goal: a signed call is good for that region, that call and those arguments.
    [Fact]
    public void A_signed_call_is_good_for_one_region_one_call_and_its_arguments()
    {
        using var key = EcdsaSigner.Generate();
        var signature = new OrderSigner(key).SignCall(California, "eraseAccount", "{1}"u8);
        var check = new OrderCheck(key.PublicKey);

        Assert.True(check.IsControls(California, "eraseAccount", "{1}"u8, signature));
        Assert.False(check.IsControls(TestDeployment.Beijing, "eraseAccount", "{1}"u8, signature));
        Assert.False(check.IsControls(California, "execute", "{1}"u8, signature));
        Assert.False(check.IsControls(California, "eraseAccount", "{2}"u8, signature));
        Assert.False(check.IsControls(California, "eraseAccount", "{1}"u8, null));
        Assert.False(check.IsControls(California, "eraseAccount", "{1}"u8, "no base64"));
        Assert.False(check.IsControls(California, "eraseAccount", "{1}"u8, new string('A', 4000)));
    }

    // Goal: a third region that knows the move's id, and even has control's order for it, gets neither key nor rows.
    [Fact]
    public async Task A_third_region_that_knows_the_move_gets_nothing_of_the_stream()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var source = deployment.Node(TestDeployment.Beijing);
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var order = deployment.Orders.Sign(Order(account));
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(order, Stop));

        Assert.IsType<StreamFrame.End>(await FirstFrameAsync(source, order, California));
        var own = deployment.Orders.Sign(order with { Target = California });
        Assert.IsType<StreamFrame.End>(await FirstFrameAsync(source, own, California));
        await Assert.ThrowsAsync<OrderRefusedException>(
            () => FirstFrameAsync(source, order with { Target = California }, California));
        Assert.IsType<StreamFrame.Key>(await FirstFrameAsync(source, order, TestDeployment.Singapore));
    }

    // Goal: what was prepared for one target is sealed, departed, settled, erased and given back for that one alone.
    [Fact]
    public async Task A_step_with_another_target_or_epoch_than_was_prepared_is_refused()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var source = deployment.Node(TestDeployment.Beijing);
        var account = await deployment.AddAccountAsync(TestDeployment.Beijing);
        var order = deployment.Orders.Sign(Order(account));
        MoveOrder[] others =
            [deployment.Orders.Sign(order with { Target = California }), deployment.Orders.Sign(order with { Epoch = 2 })];
        Assert.IsType<StepAnswer.Prepared>(await source.PrepareAsync(order, Stop));
        await RefusesAsync("prepare", "seal", "unseal");

        Assert.IsType<StepAnswer.Sealed>(await source.SealAsync(order, Stop));
        await RefusesAsync("seal", "depart", "unseal");

        Assert.IsType<StepAnswer.Departing>(await source.DepartAsync(order, Stop));
        await RefusesAsync("depart", "settle", "unseal");

        Assert.IsType<StepAnswer.Departed>(await source.SettleAsync(order, Stop));
        await RefusesAsync("settle", "erase");
        Assert.Equal(AccountState.Departed, source.Region.Storage.Find(account.Id)!.Row!.State);

        async Task RefusesAsync(params string[] steps)
        {
            foreach (var (step, other) in steps.SelectMany(step => others.Select(other => (step, other))))
            {
                Assert.IsType<StepAnswer.NotNow>(await StepAsync(source, step, other));
            }
        }
    }

    // Goal: at the target too, one move has one source.
    [Fact]
    public async Task A_refusal_in_the_name_of_another_source_does_not_end_the_arrival()
    {
        await using var deployment = await TestDeployment.StartAsync(withCalifornia: true);
        var target = deployment.Node(TestDeployment.Singapore);
        var order = deployment.Orders.Sign(Order(await deployment.AddAccountAsync(TestDeployment.Beijing)));
        await deployment.Node(TestDeployment.Beijing).PrepareAsync(order, Stop);
        Assert.IsType<StepAnswer.Arriving>(await target.ArriveAsync(order, Stop));

        var other = deployment.Orders.Sign(order with { Source = California });
        Assert.IsType<StepAnswer.NotNow>(await target.RefuseAsync(other, "Because.", Stop));

        Assert.Equal(AccountState.Arriving, target.Region.Storage.Find(order.Account)!.Row!.State);
    }

    // Goal: what another party says as a reason is stored in bounds and on one line, wherever it comes from.
    [Fact]
    public async Task A_reason_of_any_length_is_cut_before_it_is_stored()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var target = deployment.Node(TestDeployment.Singapore);
        var order = deployment.Orders.Sign(Order(await deployment.AddAccountAsync(TestDeployment.Beijing)));

        await target.RefuseAsync(order, "a\n\u001b[2Jb" + new string('x', 20 << 20), Stop);

        var record = target.Region.Storage.Open(order.Account)
            .Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Target))!;
        Assert.Equal(PeerText.CharsMax, System.Text.Encoding.UTF8.GetString(record.Statement!).Length);
        Assert.StartsWith("a  [2Jb", System.Text.Encoding.UTF8.GetString(record.Statement!), StringComparison.Ordinal);
        Assert.Equal(PeerText.CharsMax, new StepAnswer.NotNow(new string('x', 5000)).Reason.Length);
        Assert.Equal(
            PeerText.CharsMax, new RegionRefusedException(California, new string('x', 5000)).Reason.Length);
    }

    // Goal: after a restart, with control gone, a source can still show the order by which it asks the target.
    [Fact]
    public async Task What_is_on_record_of_a_move_has_controls_signed_order()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var (source, target) = (deployment.Node(TestDeployment.Beijing), deployment.Node(TestDeployment.Singapore));
        var order = deployment.Orders.Sign(Order(await deployment.AddAccountAsync(TestDeployment.Beijing)));
        await source.PrepareAsync(order, Stop);
        await target.ArriveAsync(order, Stop);
        await source.SealAsync(order, Stop);
        await source.DepartAsync(order, Stop);

        foreach (var (node, role) in new[] { (source, MoveRole.Source), (target, MoveRole.Target) })
        {
            var shown = node.Region.Storage.Find(order.Account)!
                .Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, role))!.ReadOrder();
            Assert.True(node.Region.Orders.IsControls(shown));
            Assert.Equal(order.Move, shown.Move);
        }
    }

    private static async Task<StepAnswer?> StepAsync(RegionNode node, string step, MoveOrder order)
    {
        switch (step)
        {
            case "discard":
                await node.DiscardAsync(order, Stop);
                return null;
            case "activate":
                return await node.ActivateAsync(order, 0, [], [], Stop);
            case "erase":
                return await node.EraseAsync(order, [], Stop);
        }

        return await (step switch
        {
            "prepare" => node.PrepareAsync(order, Stop),
            "arrive" => node.ArriveAsync(order, Stop),
            "seal" => node.SealAsync(order, Stop),
            "drain" => node.DrainAsync(order, 0, Stop),
            "depart" => node.DepartAsync(order, Stop),
            "refuse" => node.RefuseAsync(order, "Because.", Stop),
            "unseal" => node.UnsealAsync(order, Stop),
            _ => node.SettleAsync(order, Stop),
        });
    }

    private static async Task<StreamFrame> FirstFrameAsync(RegionNode source, MoveOrder order, RegionName caller)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var pipe = new Pipe();
        using var box = new SecretBox();
        var streaming = source.Changes.StreamAsync(order, caller, 0, box.PublicKey, pipe.Writer, end.Token);
        if (streaming.IsFaulted)
        {
            await streaming;
        }

        await using var input = pipe.Reader.AsStream();
        var frame = await ChangeStream.ReadAsync(input.ReadExactlyAsync, Stop);
        await end.CancelAsync();
        await streaming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return frame;
    }

    private static MoveOrder Order(AccountProfile account)
        => new(
            Guid.CreateVersion7(DateTimeOffset.UnixEpoch), account, 1, TestDeployment.Beijing, TestDeployment.Singapore, 1,
            new byte[32]);

    private static AccountProfile Profile()
        => new(AccountId.FromRandom(RandomNumberGenerator.GetBytes(10)), Country.Parse("IN"), null);
}
