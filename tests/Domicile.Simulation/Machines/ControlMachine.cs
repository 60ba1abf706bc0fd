using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Policies;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Seeding;

namespace Domicile.Simulation.Machines;

/// <summary>A process of control: the real desk and runner of moves over a <see cref="Register"/> that outlives it.</summary>
internal sealed class ControlMachine(Deployment deployment, int number) : IParty, IMoveControl
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(400);

    private Life? _life;

    public int Number => number;

    public string Name => $"control-{number}";

    public Clock Clock { get; } = new();

    public Life? Life => _life;

    public MoveDesk? Desk { get; private set; }

    public MoveDesk Up => Desk ?? throw new IOException($"{Name} is down.");

    private Register Register => deployment.Register;

    public void Start()
    {
        deployment.World.Trace.Say($"-- {Name} is up");
        _life = new Life(deployment.World, number, Name, Clock);
        Desk = new MoveDesk(
            new PerLife(this, _life), Register.OpenRecords(), deployment.Orders, _life.Time,
            deployment.Logs, _life, _ => deployment.DrawMoveId());
        var desk = Desk;
        _life.Post(_ => desk.Resume(), null);
        foreach (var region in deployment.Regions)
        {
            _life.Begin(() => PushAsync(region));
        }

        _life.Begin(EraseAsync);
    }

    public void Crash()
    {
        if (_life is not null)
        {
            deployment.World.Trace.Say($"-- {Name} crashes");
            var life = _life;
            (_life, Desk) = (null, null);
            life.End();
        }
    }

    /// <summary>As the API does: asks directory and policy, then the desk.</summary>
    /// <returns>Null where nothing was begun, as far as is known.</returns>
    public async Task<Guid?> RequestMoveAsync(AccountId id, RegionName target, TimeSpan eraseAfter)
    {
        var (desk, life) = (Up, _life!);
        var account = Register.Find(id);
        if (account.Standing != Register.Standing.Active || account.Home == target || desk.FindOpen(id) is not null
            || Register.Policy.Permits(account.Profile, new HashSet<string>(), deployment.Region(target).Facts)
                is Permission.Refused)
        {
            return null;
        }

        var left = await new Peer(deployment, this, life, deployment.Region(target)).FindAccountAsync(id, default);
        var known = Register.Find(id);
        if (left is { HasData: true } || known.Standing != Register.Standing.Active || known.Epoch != account.Epoch)
        {
            return null;
        }

        var request = new MoveRequest(
            account.Profile, account.Home!.Value, target, account.Epoch, Register.Policy.Revision, "a rule", eraseAfter,
            account.Salt, 0, 0);
        return await desk.RequestAsync(request, default) is MoveRequestResult.Accepted(var move) ? move.Id : null;
    }

    public Task<AbortResult> AbortAsync(Guid move) => Up.AbortAsync(move, "an operator", default);

    /// <summary>As the API does: the home adds or revokes, wherever the directory says that it is.</summary>
    public Task<CommandResult> ChangeKeysAsync(AccountId account, CredentialCommand command)
        => Region(Register.Find(account).Home!.Value).ExecuteAsync(account, command, default);

    /// <summary>The data subject wants the account gone: the intent; the loop does the rest.</summary>
    public bool IntendErasure(AccountId account)
        => Up.FindOpen(account) is null
            && Register.SetStanding(account, Register.Standing.Active, Register.Standing.Erasing);

    public IRegionPeer Region(RegionName name) => new Peer(deployment, this, _life!, deployment.Region(name));

    public MovePermission Permit(Move move)
    {
        var account = Register.Find(move.Account);
        if (account.Standing != Register.Standing.Active)
        {
            return new MovePermission(false, "it is being erased", Register.Policy.Revision);
        }

        if (move.State == MoveState.Activating)
        {
            deployment.Ghost.PermittedActivation(move.Id, Register.Policy.Revision);
        }

        var permission = Register.Policy.Permits(
            account.Profile, new HashSet<string>(), deployment.Region(move.Target).Facts);
        return new MovePermission(permission is Permission.Granted, permission.Reason, Register.Policy.Revision);
    }

    public async Task SetHomeAsync(AccountId account, RegionName home, long epoch, CancellationToken cancellationToken)
    {
        await Task.Yield();
        deployment.World.Trace.Say($"   the directory hears: {deployment.NameOf(account)} is at {home}, epoch {epoch}");
        Register.SetHome(account, home, epoch);
        await Task.Yield();
    }

    public Task<string?> FindTroubleAsync(RegionName region, RegionStatus status, CancellationToken cancellationToken)
        => Task.FromResult(
            status.SigningKey.AsSpan().SequenceEqual(deployment.Region(region).SigningKey.Spki) ? null : "It shows another key.");

    public Task<string?> FindTroubleAsync(Move move, byte[] departure, CancellationToken cancellationToken)
    {
        if (deployment.Seeds.IsMissing(SeededBug.TimesNotCompared) || deployment.Seeds.IsWithoutDigests)
        {
            return Task.FromResult<string?>(null);
        }

        var source = deployment.Region(move.Source);
        return Task.FromResult(DepartureCheck.TroubleOf(
            move, departure, source.SigningKey, RegionContext.ClaimOf(source.Facts), _life!.Time.GetUtcNow()));
    }

    public async Task<ReceiptOutcome> AppendReceiptAsync(Move move, CancellationToken cancellationToken)
    {
        await Task.Yield();
        deployment.Ghost.ReceiptWritten(move);
        var index = Register.AppendReceipt(move.Id);
        await Task.Yield();
        return ReceiptOutcome.At(index);
    }

    private async Task PushAsync(RegionMachine region)
    {
        var (version, revision) = (0L, 0L);
        var peer = Region(region.Region);
        while (true)
        {
            var update = Register.UpdateSince(version, revision);
            if (update.Entries.Count == 0 && update.PolicyText is null)
            {
                await Register.ChangeAsync();
                continue;
            }

            try
            {
                await peer.UpdateAsync(update, default);
                (version, revision) = (update.Entries.Select(one => one.Version).Append(version).Max(), update.PolicyRevision);
            }
            catch (Exception fault) when (fault is IOException or RegionRefusedException)
            {
                await Task.Delay(RetryAfter, _life!.Time);
            }
        }
    }

    // EraseDesk and AccountTidying: what was intended is done, however often it takes.
    private async Task EraseAsync()
    {
        var life = _life!;
        while (true)
        {
            if (Register.Accounts.FirstOrDefault(one => one.Standing == Register.Standing.Erasing) is not { } account)
            {
                await Register.ChangeAsync();
                continue;
            }

            try
            {
                var statement = await new Peer(deployment, this, life, deployment.Region(account.Home!.Value))
                    .EraseAccountAsync(account.Profile.Id, account.Epoch, account.Salt, default);
                deployment.Ghost.AccountErased(account.Profile.Id, account.Epoch, statement);
                Register.SetStanding(account.Profile.Id, Register.Standing.Erasing, Register.Standing.Erased);
            }
            catch (Exception fault) when (fault is IOException or RegionRefusedException)
            {
                await Task.Delay(RetryAfter, life.Time);
            }
        }
    }

    /// <summary>What one process's runner asks: after the death of that process it must not speak as the next one.</summary>
    private sealed class PerLife(ControlMachine machine, Life life) : IMoveControl
    {
        public IRegionPeer Region(RegionName name)
            => machine.Deployment.Seeds.WrapAtControl(
                new Peer(machine.Deployment, machine, life, machine.Deployment.Region(name)));

        public MovePermission Permit(Move move) => machine.Permit(move);

        public Task SetHomeAsync(AccountId account, RegionName home, long epoch, CancellationToken cancellationToken)
            => machine.SetHomeAsync(account, home, epoch, cancellationToken);

        public Task<string?> FindTroubleAsync(RegionName region, RegionStatus status, CancellationToken cancellationToken)
            => machine.FindTroubleAsync(region, status, cancellationToken);

        public Task<string?> FindTroubleAsync(Move move, byte[] departure, CancellationToken cancellationToken)
            => machine.FindTroubleAsync(move, departure, cancellationToken);

        public Task<ReceiptOutcome> AppendReceiptAsync(Move move, CancellationToken cancellationToken)
            => machine.AppendReceiptAsync(move, cancellationToken);
    }

    private Deployment Deployment => deployment;
}
