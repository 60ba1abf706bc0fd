using System.Text;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Clients;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Seeding;
using Move = Domicile.Moves.Move;

namespace Domicile.Simulation.Machines;

/// <summary>
/// A region that from some moment on says what it should not, besides all that it says as before. It knows every order that
/// control ever gave, which is more than it could. Accounts whose home it is are its own; of the others it must get nothing.
/// </summary>
internal sealed class HostileRegion
{
    private const string Reason = "A hostile region says so.";
    private const int Number = 95;

    private readonly Deployment _deployment;
    private readonly RegionMachine _self;
    private readonly Dice _dice;
    private readonly IReadOnlyList<HostileKind> _kinds;
    private readonly Life _life;
    private readonly HostileMessages _messages;
    private readonly List<(RegionName To, HandOver Write)> _handedOver = [];
    private bool _isOver;

    public HostileRegion(Deployment deployment, Dice dice, HostileKind? also)
    {
        _deployment = deployment;
        _dice = dice;
        _self = dice.Pick(deployment.Regions);
        _kinds = also is { } kind ? [kind] : HostileKinds.Withstood;
        _life = new Life(deployment.World, Number, "hostile");
        _messages = new HostileMessages(deployment, _self, _life);
    }

    /// <summary>How often it has tried something.</summary>
    public int Lies { get; private set; }

    /// <summary>It lies some times, between honest days.</summary>
    public void Begin()
    {
        _deployment.World.Trace.Say($"-- {_self.Name} is hostile");
        _self.HandsOver = (to, write) => _handedOver.Add((to, write));
        var times = _dice.Between(4, 12);
        _life.Begin(async () =>
        {
            for (var i = 0; i < times; i++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1 + _dice.Below(1200)), _life.Time);
                if (_isOver)
                {
                    return;
                }

                Lies++;
                await LieAsync();
            }
        });
    }

    public void End() => _isOver = true;

    private async Task LieAsync()
    {
        try
        {
            var account = _dice.Pick(_deployment.Accounts);
            await (_dice.Pick(_kinds) switch
            {
                HostileKind.PullOfFormerMove => PullFormerAsync(account),
                HostileKind.PullOfOthersMove => PullOpenAsync(account),
                HostileKind.ForgedOrder => ForgeAsync(account),
                HostileKind.HandOverOfStranger => HandOverAsStrangerAsync(account),
                HostileKind.HandOverRepeated => HandOverAgainAsync(),
                HostileKind.InventedHandOver => InventAsync(account),
                HostileKind.RefusalOfOthersMove => RefuseAsync(account),
                HostileKind.RefusalOfUnknown => RefuseUnknownAsync(account),
                HostileKind.PoisonedHome => SayHomeAsync(account),
                var unknown => throw new System.Diagnostics.UnreachableException(unknown.ToString()),
            });
        }
        catch (Exception refused) when (refused is IOException or RegionRefusedException or InvalidDataException)
        {
            // No answer, or a no: it was worth the try.
        }
    }

    private async Task PullFormerAsync(AccountProfile account)
    {
        var former = _deployment.Register.OpenRecords().List(100).Where(one => one.Account == account.Id && one.IsOver).ToList();
        if (former.Count > 0)
        {
            await PullAsync(Ordered(_dice.Pick(former).Order));
        }
    }

    private async Task PullOpenAsync(AccountProfile account)
    {
        if (OpenMove(account) is { } move && move.Target != _self.Region)
        {
            await PullAsync(Ordered(move.Order));
        }
    }

    private async Task ForgeAsync(AccountProfile account)
    {
        var entry = _deployment.Register.Find(account.Id);
        if (entry.Home is { } home && home != _self.Region && OpenMove(account) is null)
        {
            var order = Invented(
                new MoveOrder(new Guid(_dice.Bytes(16)), account, entry.Epoch, home, _self.Region, 1, _dice.Bytes(32)),
                SeededBug.OrderNotSigned);
            await _messages.PrepareAsync(_deployment.Region(home), order);
            await PullAsync(order);
        }
    }

    private async Task PullAsync(MoveOrder order)
    {
        if (order.Source != _self.Region && await _messages.PullAsync(_deployment.Region(order.Source), order))
        {
            throw Got($"{order.Source} gave {_deployment.NameOf(order.Account)} away to {_self.Name}");
        }
    }

    private async Task HandOverAsStrangerAsync(AccountProfile account)
    {
        var moves = _deployment.Register.OpenRecords().List(100).Where(one => one.Account == account.Id
            && one.Source != _self.Region && one.Target != _self.Region).ToList();
        if (moves.Count > 0)
        {
            var move = _dice.Pick(moves);
            var record = new RegionMoveRecord(
                move.Id, MoveRole.Source, MoveOutcome.Departed, move.Epoch, move.Target, 0, default, null, null);
            await HandOverAsync(account, record);
        }
    }

    private async Task HandOverAgainAsync()
    {
        if (_handedOver.Count > 0)
        {
            // That it is made once only, and "never" stays never, is for whoever looks at every answer.
            var (to, write) = _dice.Pick(_handedOver);
            await _messages.HandOverAsync(_deployment.Region(to), write);
        }
    }

    private async Task InventAsync(AccountProfile account)
    {
        if (_self.Node?.Region.Storage.Find(account.Id) is { } store
            && store.Read(sql => RegionMoveRecord.FindLastDeparture(sql, account.Id)) is { } departure)
        {
            await HandOverAsync(account, departure);
        }
    }

    private async Task HandOverAsync(AccountProfile account, RegionMoveRecord departure)
    {
        var key = AccessKey.NewId(account.Id, _dice.Bytes(5));
        var call = new SignedCall(new Request.Delete(account.Id, key, "plain", "key"), _dice.Below(1000), new string('0', 64));
        var write = _messages.Write(account.Id, departure, Base32.Encode(_dice.Bytes(16)), call);
        if (departure.Peer != _self.Region
            && await _messages.HandOverAsync(_deployment.Region(departure.Peer), write)
                is HandOverAnswer.Applied(not CommandResult.Refused))
        {
            throw Got($"{departure.Peer} ran what {_self.Name} had invented for {_deployment.NameOf(account.Id)}");
        }
    }

    private async Task RefuseAsync(AccountProfile account)
    {
        if (OpenMove(account) is { } move && move.Source != _self.Region && move.Target != _self.Region)
        {
            await _messages.RefuseAsync(_deployment.Region(move.Target), Ordered(move.Order), Reason);
            RequireNoRecord(_deployment.Region(move.Target), move.Order);
        }
    }

    private async Task RefuseUnknownAsync(AccountProfile like)
    {
        var others = _deployment.Regions.Where(one => one != _self).ToList();
        var (target, unknown) = (_dice.Pick(others), like with { Id = AccountId.FromRandom(_dice.Bytes(10)) });
        var order = Invented(
            new MoveOrder(new Guid(_dice.Bytes(16)), unknown, 1, _self.Region, target.Region, 1, _dice.Bytes(32)),
            SeededBug.RefuseMakesRecord);
        await _messages.RefuseAsync(target, order, Reason);
        RequireNoRecord(target, order);
    }

    private async Task SayHomeAsync(AccountProfile account)
    {
        var others = _deployment.Regions.Where(one => one != _self).ToList();
        var epoch = _deployment.Register.Find(account.Id).Epoch + _dice.Below(_dice.Hits(0.5) ? 3 : 1000);
        await _messages.SayHomeAsync(_dice.Pick(others), account.Id, _dice.Pick(_deployment.Facts).Name, epoch);
    }

    /// <summary>As control has given it: signed.</summary>
    private MoveOrder Ordered(MoveOrder order) => _deployment.Orders.Sign(order);

    /// <summary>As nobody has given it, unless the check that it lacks a signature is missing.</summary>
    private MoveOrder Invented(MoveOrder order, SeededBug check)
        => _deployment.Seeds.IsMissing(check) ? Ordered(order) : order;

    private Move? OpenMove(AccountProfile account) => _deployment.Register.OpenRecords().FindOpen(account.Id);

    private void RequireNoRecord(RegionMachine target, MoveOrder order)
    {
        if (target.Node?.Region.Storage.Open(order.Account) is { } store
            && store.Read(sql => RegionMoveRecord.Find(sql, order.Account, order.Move, MoveRole.Target)) is { Statement: { } reason }
            && Encoding.UTF8.GetString(reason) == Reason)
        {
            throw Got($"{target.Name} refused a move because {_self.Name}, which it doesn't come from, wanted it");
        }
    }

    private static ViolationException Got(string what) => new(Invariants.OnlyItsOwn, what);
}
