using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Clients;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;

namespace Domicile.Simulation;

/// <summary>What a seed makes happen: who moves where, what breaks, what clients do meanwhile.</summary>
internal sealed class Scenario
{
    private const string Anywhere =
        """
        version: 1
        rules:
          - name: Anywhere
            when: { residence: "*" }
            allow: "*"
            transit: forward

        """;

    private static readonly TimeSpan FullFor = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan SealedMax = TimeSpan.FromSeconds(30);

    private readonly Deployment _deployment;
    private readonly World _world;
    private readonly Dice _dice;
    private readonly List<(long Step, Action Act)> _strikes = [];

    private readonly HostileRegion? _hostile;

    // After so many looks at a region that has commits to lose, it crashes; 0: it need not.
    private int _copiesToCrash;

    private readonly Dice? _clocks;
    private readonly Dice? _rots;
    private readonly Dice? _fills;
    private bool _isErasing;

    // After so many looks at an account that is sealed, the other regions' disks are full; 0: they need not be.
    private int _sealsToFill;

    /// <param name="hostility">The dice of a hostile region, if there is one: not of the world's, which it leaves as it is.</param>
    /// <param name="clocks">The dice of clocks that jump, if some do: not of the world's either.</param>
    /// <param name="rots">Of files that rot.</param>
    /// <param name="fills">Of disks that others fill; then nothing else breaks.</param>
    public Scenario(Deployment deployment, Dice? hostility, Dice? clocks, Dice? rots, Dice? fills)
    {
        (_clocks, _rots, _fills) = (clocks, rots, fills);
        _deployment = deployment;
        _world = deployment.World;
        _dice = _world.Dice.Fork();
        Operator = new Operator(deployment, 90);
        deployment.Register.Apply(Anywhere);
        _hostile = hostility is null ? null : new HostileRegion(deployment, hostility, deployment.Seeds.Hostile);
    }

    public List<Client> Clients { get; } = [];

    public Operator Operator { get; }

    public int Crashes { get; private set; }

    public int Jumps { get; private set; }

    public int Rots { get; private set; }

    public int Fills { get; private set; }

    public int Lies => _hostile?.Lies ?? 0;

    public bool IsPlayed => Clients.All(one => one.IsDone) && Operator.Running == 0;

    public static Shape DrawShape(Dice dice)
        => new(dice.Hits(0.65) ? 2 : 3, dice.Hits(0.75) ? 1 : 2, dice.Hits(0.75) ? 1 : 2,
            new CopyBounds(dice.Pick((int[])[1, 4, 512]), dice.Pick((int[])[2, 6, 64])));

    public static Weather DrawWeather(Dice dice)
        => dice.Below(4) switch
        {
            0 => new Weather(0, 0, 0, 3),
            1 => new Weather(0.02, 0.1, 0.2, 50),
            2 => new Weather(0.1, 0.05, 0.5, 20),
            _ => new Weather(0, 0.3, 0, 400),
        };

    /// <summary>Accounts with their buckets and keys; runs in the world, before anything breaks.</summary>
    public async Task SetUpAsync(int accounts)
    {
        for (var i = 0; i < accounts; i++)
        {
            var profile = new AccountProfile(AccountId.FromRandom(_dice.Bytes(10)), Country.Parse("IN"), null);
            var home = _dice.Pick(_deployment.Regions);
            var keys = new Keys(AccessKey.NewId(profile.Id, _dice.Bytes(5)));
            _deployment.Accounts.Add(profile);
            _deployment.Register.Add(profile, home.Region, _dice.Bytes(32));
            var credential = new Credential(keys.Current, SecretBytes.OfText(SignedCall.SecretOf(keys.Current)), "first", DateTimeOffset.UnixEpoch);
            await home.Up.CreateAccountAsync(profile, credential, default);
            await home.Up.ExecuteAsync(profile.Id, new CreateBucket("plain"), default);
            await home.Up.ExecuteAsync(profile.Id, new CreateBucket("photos"), default);
            await home.Up.ExecuteAsync(profile.Id, new PutBucketVersioning("photos", Versioning.Enabled), default);
            for (var bucket = _dice.Hits(0.3) ? _dice.Below(40) : 0; bucket > 0; bucket--)
            {
                // What takes a copy many batches to bring.
                await home.Up.ExecuteAsync(profile.Id, new CreateBucket($"more-{bucket}"), default);
            }

            AddClients(profile, keys, i);
        }
    }

    public void Play()
    {
        foreach (var (account, i) in _deployment.Accounts.Select((one, i) => (one, i)))
        {
            BeginClients(i);
            Operator.Begin(() => Operator.MoveAsync(account, _dice.Between(1, 3), _dice.Hits(0.3) ? 0.6 : 0));
            if (_dice.Hits(0.2))
            {
                Operator.Begin(() => Operator.RotateKeysAsync(account, Clients[i * 4].Keys, Clients[i * 4]));
            }
            else if (_dice.Hits(0.08))
            {
                _isErasing = true;
                Operator.Begin(() => Operator.EraseAsync(account));
            }
        }

        if (_dice.Hits(0.15))
        {
            Operator.Begin(() => Operator.ApplyPolicyAsync(DrawPolicy()));
        }

        if (_fills is null)
        {
            DrawTrouble();
            DrawJumps();
            DrawRot();
        }
        else
        {
            DrawFills();
        }

        _hostile?.Begin();
    }

    public void Strike()
    {
        while (_strikes.Count > 0 && _strikes[^1].Step <= _world.Steps)
        {
            var (_, act) = _strikes[^1];
            _strikes.RemoveAt(_strikes.Count - 1);
            act();
        }

        if (_copiesToCrash > 0 && _deployment.Regions.FirstOrDefault(region => region.Disk.HasUnflushedCommits) is { Node: not null } copying
            && --_copiesToCrash == 0)
        {
            Operator.Begin(() => CrashAsync(copying, TimeSpan.FromMilliseconds(1 + _dice.Below(500))));
        }

        if (_sealsToFill > 0 && _deployment.Regions.FirstOrDefault(HasSealed) is { } source && --_sealsToFill == 0)
        {
            _deployment.Regions.Where(region => region != source).ToList().ForEach(region => Operator.Begin(() => FillAsync(region)));
        }
    }

    /// <summary>Nothing breaks any more, and what was down is up.</summary>
    public void Heal()
    {
        _strikes.Clear();
        _hostile?.End();
        _copiesToCrash = 0;
        _world.Haste = 0;
        _world.Trace.Say($"-- everything is mended");
        _deployment.Network.Heal();
        _sealsToFill = 0;
        _deployment.Regions.ToList().ForEach(region => region.Disk.IsFull = false);
        _deployment.Regions.Where(region => region.Rot is not null).ToList().ForEach(region => region.Mend());
        _deployment.Regions.Select(region => region.Clock).Concat(_deployment.Controls.Select(control => control.Clock))
            .ToList().ForEach(clock => clock.SetRight());
        foreach (var region in _deployment.Regions.Where(one => one.Node is null))
        {
            region.Start();
        }

        foreach (var control in _deployment.Controls.Where(one => one.Desk is null))
        {
            control.Start();
        }
    }

    private void AddClients(AccountProfile profile, Keys keys, int account)
    {
        foreach (var name in (string[])["writer", "owner", "reader", "uploader"])
        {
            Clients.Add(new Client(_deployment, profile, 100 + Clients.Count, $"{name}-{account + 1}", keys));
        }
    }

    private void BeginClients(int account)
    {
        var pause = _dice.Pick((int[])[20, 200, 1500]);
        var count = _dice.Between(3, 10);
        var bucket = _dice.Hits(0.5) ? "plain" : "photos";
        var four = Clients.Skip(account * 4).Take(4).ToList();
        four[0].Begin(one => one.WorkAsync(count, bucket, ["a", "b"], pause));
        four[1].Begin(one => one.WorkAsync(count, bucket, ["own"], pause));
        four[2].Begin(one => one.WorkAsync(count, bucket, ["a", "c"], pause));
        four[3].Begin(one => one.UploadAsync(_dice.Between(1, 2), bucket, pause * 2));
    }

    private string DrawPolicy()
    {
        var country = _dice.Pick(_deployment.Facts).Country.Code;
        return _dice.Hits(0.5)
            ? Anywhere.Replace("allow: \"*\"", $"avoid: {{ exposure: [{country}], by: [location] }}", StringComparison.Ordinal)
            : Anywhere.Replace(
                "rules:",
                $"rules:\n  - name: Photos\n    when: {{ category: photos }}\n    avoid: {{ exposure: [{country}], by: [location] }}\n    transit: forward",
                StringComparison.Ordinal);
    }

    // Some at times, most at steps: so that they fall between any two of them.
    private void DrawTrouble()
    {
        if (_dice.Hits(0.25))
        {
            return;
        }

        _copiesToCrash = _dice.Hits(0.3) ? 1 + _dice.Below(30) : 0;

        for (var i = _dice.Below(4); i > 0; i--)
        {
            var downFor = TimeSpan.FromMilliseconds(_dice.Hits(0.6) ? 1 + _dice.Below(500) : _dice.Below(25_000));
            if (_dice.Hits(0.7))
            {
                var region = _dice.Pick(_deployment.Regions);
                AtStep(() => CrashAsync(region, downFor));
            }
            else
            {
                var control = _dice.Pick(_deployment.Controls);
                AtStep(() => CrashAsync(control, downFor));
            }
        }

        for (var i = _dice.Below(3); i > 0; i--)
        {
            IReadOnlyList<IParty> parties = [.. _deployment.Regions, .. _deployment.Controls];
            var (one, other) = (_dice.Pick(_deployment.Regions), _dice.Pick(parties));
            var cutFor = TimeSpan.FromMilliseconds(_dice.Hits(0.5) ? _dice.Below(2000) : _dice.Below(30_000));
            if (one != other)
            {
                AtStep(() => CutAsync(one, other, cutFor));
            }
        }
    }

    // Any party's, either way, by little or by much, and right again after a while.
    private void DrawJumps()
    {
        for (var i = _clocks?.Between(1, 3) ?? 0; i > 0; i--)
        {
            IReadOnlyList<Clock> clocks = [.. _deployment.Regions.Select(one => one.Clock), .. _deployment.Controls.Select(one => one.Clock)];
            var clock = _clocks!.Pick(clocks);
            var by = TimeSpan.FromSeconds(_clocks.Pick((int[])[150, 360, 86_400, 86_400_000]) * (_clocks.Hits(0.5) ? 1 : -1));
            var wrongFor = TimeSpan.FromMilliseconds(_clocks.Below(5_000));
            _strikes.Add((_world.Steps + _clocks.Below(700), () => Operator.Begin(() => JumpAsync(clock, by, wrongFor))));
        }

        _strikes.Sort((a, b) => b.Step.CompareTo(a.Step));
    }

    private async Task JumpAsync(Clock clock, TimeSpan by, TimeSpan wrongFor)
    {
        Jumps++;
        _world.Trace.Say($"-- a clock jumps by {by}");
        clock.Off += by;
        await Task.Delay(wrongFor, Operator.Life.Time);
        clock.SetRight();
    }

    // Of an account at its home, when its machine crashes; put back after a while, with the machine down.
    private void DrawRot()
    {
        for (var i = _rots is null || _isErasing ? 0 : _rots.Between(1, 2); i > 0; i--)
        {
            var region = _rots!.Pick(_deployment.Regions);
            var rottenFor = TimeSpan.FromMilliseconds(_rots.Below(15_000));
            _strikes.Add((_world.Steps + _rots.Below(900), () => Operator.Begin(() => RotAsync(region, rottenFor))));
        }

        _strikes.Sort((a, b) => b.Step.CompareTo(a.Step));
    }

    private async Task RotAsync(RegionMachine region, TimeSpan rottenFor)
    {
        if (region.Node is null || region.Rot is not null)
        {
            return;
        }

        region.Crash(_rots);
        Rots += region.Rot is null ? 0 : 1;
        region.Start();
        await Task.Delay(rottenFor, Operator.Life.Time);
        if (region.Rot is not null)
        {
            region.Mend();
        }
    }

    // Between any two steps; half of them while writes wait.
    private void DrawFills()
    {
        if (_fills!.Hits(0.5))
        {
            _sealsToFill = 1 + _fills.Below(40);
            return;
        }

        var region = _fills.Pick(_deployment.Regions);
        _strikes.Add((_world.Steps + _fills.Below(900), () => Operator.Begin(() => FillAsync(region))));
    }

    // Whoever's disk is full, for however long: no account's writes wait for it longer than a cut-over may take.
    private async Task FillAsync(RegionMachine region)
    {
        Fills++;
        _world.Trace.Say($"-- {region.Name}'s disk is full");
        region.Disk.IsFull = true;
        await Task.Delay(FullFor, Operator.Life.Time);
        if (!region.Disk.IsFull)
        {
            return;
        }

        foreach (var (account, at) in _deployment.Accounts.SelectMany(_ => _deployment.Regions, (account, at) => (account, at)))
        {
            if (_deployment.Ghost.SealedFor(account.Id, at.Region) is var waits && waits > SealedMax)
            {
                throw new ViolationException(
                    Invariants.WritesResume, $"{at.Name} has had {_deployment.NameOf(account.Id)} sealed for {waits}, while {region.Name} is full");
            }
        }

        _world.Trace.Say($"-- {region.Name}'s disk has room again");
        region.Disk.IsFull = false;
    }

    private bool HasSealed(RegionMachine region)
        => _deployment.Accounts.Any(account => _deployment.Ghost.SealedFor(account.Id, region.Region) > TimeSpan.Zero);

    private void AtStep(Func<Task> act)
    {
        _strikes.Add((_world.Steps + _dice.Below(_dice.Hits(0.6) ? 700 : 2000), () => Operator.Begin(act)));
        _strikes.Sort((a, b) => b.Step.CompareTo(a.Step));
    }

    private async Task CrashAsync(RegionMachine region, TimeSpan downFor)
    {
        if (region.Node is not null)
        {
            Crashes++;
            region.Crash();
            await Task.Delay(downFor, Operator.Life.Time);
            if (region.Node is null)
            {
                region.Start();
            }
        }
    }

    private async Task CrashAsync(ControlMachine control, TimeSpan downFor)
    {
        if (control.Desk is not null)
        {
            Crashes++;
            control.Crash();
            await Task.Delay(downFor, Operator.Life.Time);
            if (control.Desk is null)
            {
                control.Start();
            }
        }
    }

    private async Task CutAsync(IParty one, IParty other, TimeSpan cutFor)
    {
        _deployment.Network.Cut(one, other);
        await Task.Delay(cutFor, Operator.Life.Time);
        _deployment.Network.Mend(one, other);
    }
}
