using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;

namespace Domicile.Simulation.Clients;

/// <summary>Orders moves, aborts, keys and erasures at control, as an operator does: again, if there is no answer.</summary>
internal sealed class Operator : IParty
{
    private readonly Deployment _deployment;
    private readonly Dice _dice;

    public Operator(Deployment deployment, int number)
    {
        _deployment = deployment;
        _dice = deployment.World.Dice.Fork();
        Number = number;
        Life = new Life(deployment.World, number, Name);
    }

    public int Number { get; }

    public string Name => $"operator-{Number}";

    public Life Life { get; }

    public int Running { get; private set; }

    public void Begin(Func<Task> work)
    {
        Running++;
        Life.Begin(async () =>
        {
            await work();
            Running--;
        });
    }

    /// <summary>Moves an account some times, hither and thither; some are aborted.</summary>
    public async Task MoveAsync(AccountProfile account, int times, double aborts)
    {
        for (var i = 0; i < times; i++)
        {
            await PauseAsync(1500);
            var home = _deployment.Register.Find(account.Id).Home;
            var target = _dice.Pick(_deployment.Facts.Where(one => one.Name != home).ToList()).Name;
            var eraseAfter = _dice.Hits(0.2) ? TimeSpan.FromSeconds(_dice.Below(30)) : TimeSpan.Zero;
            var move = await AskAsync("move", control => control.RequestMoveAsync(account.Id, target, eraseAfter));
            _deployment.World.Trace.Say(
                $"   {Name}: {_deployment.NameOf(account.Id)} to {target}: {(move is { } begun ? _deployment.NameOf(begun) : "no")}");
            if (move is { } id && _dice.Hits(aborts))
            {
                await PauseAsync(_dice.Hits(0.5) ? 100 : 2000);
                await AskAsync("abort", async control => await control.AbortAsync(id));
            }
        }
    }

    public async Task EraseAsync(AccountProfile account)
    {
        await PauseAsync(8000);
        for (var i = 0; i < 30; i++)
        {
            if (await AskAsync("erase the account", control => Task.FromResult(control.IntendErasure(account.Id))))
            {
                _deployment.World.Trace.Say($"   {Name}: {_deployment.NameOf(account.Id)} is to be erased");
                return;
            }

            if (_deployment.Register.OpenRecords().FindOpen(account.Id) is { } open && _dice.Hits(0.5))
            {
                await AskAsync("abort", async control => await control.AbortAsync(open.Id));
            }

            await PauseAsync(4000);
        }
    }

    /// <summary>A new access key, which must then be good; the old one is revoked, and must then be none.</summary>
    public async Task RotateKeysAsync(AccountProfile account, Keys keys, Client probe)
    {
        await PauseAsync(3000);
        var old = keys.Current;
        var fresh = AccessKey.NewId(account.Id, _dice.Bytes(5));
        var credential = new Credential(fresh, SecretBytes.OfText(SignedCall.SecretOf(fresh)), "second", DateTimeOffset.UnixEpoch);
        keys.IsSteady = false;
        if (!await ChangeKeysAsync(account, new AddCredential(credential)))
        {
            keys.IsSteady = true;
            return;
        }

        keys.Current = fresh;
        keys.IsSteady = true;
        await PauseAsync(2000);
        if (await ChangeKeysAsync(account, new RevokeCredential(old)))
        {
            await PauseAsync(3000);
            if (await probe.SendAsync(new Request.List(account.Id, old, "plain")) is Reply.Listed)
            {
                throw new ViolationException(Invariants.NoResurrection, $"revoked access key of {_deployment.NameOf(account.Id)} is taken");
            }
        }
    }

    public async Task ApplyPolicyAsync(string text)
    {
        await PauseAsync(6000);
        _deployment.World.Trace.Say($"   {Name}: policy {_deployment.Register.Policy.Revision + 1}: {text.Split('\n')[^2].Trim()}");
        _deployment.Register.Apply(text);
    }

    private async Task<bool> ChangeKeysAsync(AccountProfile account, CredentialCommand command)
    {
        for (var i = 0; i < 20; i++)
        {
            try
            {
                if (await AskAsync("keys", control => control.ChangeKeysAsync(account.Id, command)) is CommandResult.Done)
                {
                    return true;
                }
            }
            catch (RegionRefusedException)
            {
                // The account is on its way; the directory will know.
            }

            if (_deployment.Register.Find(account.Id).Standing != Register.Standing.Active)
            {
                return false;
            }

            await PauseAsync(2000);
        }

        return false;
    }

    private Task PauseAsync(int msMax) => Task.Delay(TimeSpan.FromMilliseconds(1 + _dice.Below(msMax)), Life.Time);

    private async Task<T?> AskAsync<T>(string what, Func<ControlMachine, Task<T>> ask)
    {
        var control = _dice.Pick(_deployment.Controls);
        try
        {
            return await _deployment.Network.CallAsync(Life, this, control, what, _ => ask(control), default, mayRepeat: false);
        }
        catch (IOException)
        {
            return default;
        }
    }
}
