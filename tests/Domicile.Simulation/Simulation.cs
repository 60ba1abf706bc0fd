using Domicile.Accounts;
using Domicile.Proofs;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;
using Domicile.Simulation.Seeding;

namespace Domicile.Simulation;

/// <summary>What became of one seed.</summary>
/// <param name="Violated">The invariant's name, or the name of an exception; null if all was well.</param>
internal sealed record Outcome(
    ulong Seed, ulong Hash, string? Violated, string? What, IReadOnlyList<string> Trace, Counts Counts);

internal readonly record struct Counts(
    long Steps, long Moves, long Activations, long Crashes, long LostCommits, long Messages, long Lost, long Operations,
    long Writes, long HandOvers, long Receipts, long Lies, long Jumps, long Rots, long Fills)
{
    public static Counts operator +(Counts a, Counts b)
        => new(
            a.Steps + b.Steps, a.Moves + b.Moves, a.Activations + b.Activations, a.Crashes + b.Crashes,
            a.LostCommits + b.LostCommits, a.Messages + b.Messages, a.Lost + b.Lost, a.Operations + b.Operations,
            a.Writes + b.Writes, a.HandOvers + b.HandOvers, a.Receipts + b.Receipts,
            a.Lies + b.Lies, a.Jumps + b.Jumps, a.Rots + b.Rots, a.Fills + b.Fills);
}

/// <summary>Runs one seed from an empty world to the end, and checks it as it goes and when it is quiet.</summary>
internal sealed class Simulation : IDisposable
{
    private const long StepsMax = 40_000;
    private const int LookEvery = 16;

    /// <summary>Of the worlds, those in which a region turns hostile.</summary>
    private const double HostileShare = 0.15;

    /// <summary>Of the worlds, those in which clocks jump.</summary>
    private const double ClockShare = 0.2;
    private const ulong ClockDice = 0xC10C_C10C_C10C_C10C;

    /// <summary>Of the worlds without a hostile region, those in which files rot, and those in which disks are filled.</summary>
    private const double RotShare = 0.15;
    private const double FillShare = 0.1;
    private const ulong RotDice = 0x2077_2077_2077_2077;
    private const ulong FillDice = 0xF111_F111_F111_F111;

    private static readonly TimeSpan StormMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CalmMax = TimeSpan.FromMinutes(5);

    private readonly World _world;
    private readonly Deployment _deployment;
    private readonly Scenario _scenario;
    private readonly Shape _shape;

    private Simulation(ulong seed, SeededBug bug, bool isTraced, Action<string>? live, Workbench bench)
    {
        _world = new World(seed, isTraced, live);
        _shape = Scenario.DrawShape(_world.Dice);
        var weather = Scenario.DrawWeather(_world.Dice);
        var seeds = new Seeds(bug);
        _deployment = new Deployment(_world, weather, seeds, _shape, bench.NextDirectory(), bench.Signers);

        // Dice of its own: the worlds without a hostile region are what they were.
        var hostility = new Dice(~seed);
        var clocks = new Dice(seed ^ ClockDice);
        var (rots, fills) = (new Dice(seed ^ RotDice), new Dice(seed ^ FillDice));
        var hostile = hostility.Hits(HostileShare) || seeds.Hostile is not null ? hostility : null;
        var isFilled = (fills.Hits(FillShare) && bug == SeededBug.None && hostile is null) || bug == SeededBug.WayBackNotReserved;
        _scenario = new Scenario(
            _deployment, bug == SeededBug.WayBackNotReserved ? null : hostile,
            clocks.Hits(ClockShare) || bug == SeededBug.TimesNotCompared ? clocks : null,
            (rots.Hits(RotShare) && bug == SeededBug.None && hostile is null) || bug == SeededBug.LossNotNoticed ? rots : null,
            isFilled ? fills : null);
    }

    /// <param name="live">Hears each line of the trace as it comes.</param>
    public static Outcome Run(
        ulong seed, Workbench bench, SeededBug bug = SeededBug.None, bool isTraced = false, Action<string>? live = null)
    {
        using var simulation = new Simulation(seed, bug, isTraced, live, bench);
        try
        {
            simulation.Run();
            return simulation.End(simulation._world.Fault);
        }
        catch (Exception fault)
        {
            return simulation.End(fault);
        }
    }

    public void Dispose()
    {
        _deployment.Dispose();
        Directory.Delete(_deployment.Root, recursive: true);
    }

    private void Run()
    {
        _deployment.Start();
        var setting = _scenario.Operator.Life.Run(() => _scenario.SetUpAsync(_shape.Accounts));
        Require(_world.RunUntil(() => setting.IsCompleted, StormMax, StepsMax), Invariants.WritesResume, "the accounts could not be made");

        _world.AfterStep = _scenario.Strike;
        _scenario.Play();
        _world.RunUntil(() => _scenario.IsPlayed, StormMax, StepsMax);
        if (_world.Fault is not null)
        {
            return;
        }

        _scenario.Heal();
        var wasQuiet = _world.RunUntil(() => _scenario.IsPlayed && IsQuiet(), CalmMax, StepsMax);
        Require(wasQuiet, Invariants.MoveTerminates, Unfinished());
        new Ending(_deployment, _scenario).Check();
    }

    // The rows first: they cost nothing to look at.
    private bool IsQuiet()
        => _world.Steps % LookEvery == 0
            && _deployment.Accounts.All(account => _deployment.Facts.All(region => IsAtRest(account.Id, region.Name)))
            && _deployment.Register.OpenRecords().ListOpen().Count == 0
            && (_scenario.Fills == 0 || !_deployment.Accounts.Any(HasFormerKeys))
            && _deployment.Register.Accounts.All(one => one.Standing != Register.Standing.Erasing);

    private bool IsAtRest(AccountId account, RegionName region)
        => _deployment.Ghost.SeenAt(account, region)?.Row is not { } row
            || row is { State: AccountState.Active, Pulling: null } or { State: AccountState.Departed or AccountState.None, HasData: false };

    // After a full disk it is tried again, after a minute at the latest.
    private bool HasFormerKeys(AccountProfile account)
        => _deployment.Register.Find(account.Id).Home is { } home
            && _deployment.Region(home).Node?.Region.Storage.Find(account.Id) is { HasFormerKeys: true };

    private string Unfinished()
        => string.Join(
            "; ",
            _deployment.Register.OpenRecords().ListOpen().Select(move => $"{_deployment.NameOf(move.Id)} is {move.State}")
                .Concat(from account in _deployment.Accounts
                        from region in _deployment.Facts
                        where !IsAtRest(account.Id, region.Name)
                        let row = _deployment.Ghost.SeenAt(account.Id, region.Name)!.Row
                        select $"{region.Name} has {_deployment.NameOf(account.Id)} {row.State}, data {row.HasData}, pulling {row.Pulling}")
                .Concat(_scenario.Clients.Where(one => !one.IsDone).Select(one => $"{one.Name} waits"))
                .Append($"{_scenario.Operator.Running} orders wait"));

    private void Require(bool holds, string invariant, string what)
    {
        if (_world.Fault is null && !holds)
        {
            throw new ViolationException(invariant, what);
        }
    }

    private Outcome End(Exception? fault)
    {
        var counts = new Counts(
            _world.Steps, _deployment.MoveCount, _deployment.Ghost.Activations, _scenario.Crashes,
            _deployment.Regions.Sum(region => region.Disk.LostCommits), _deployment.Network.Messages, _deployment.Network.Lost,
            _deployment.History.Operations, _deployment.History.Writes, _deployment.Ghost.HandOvers, _deployment.Ghost.Receipts,
            _scenario.Lies, _scenario.Jumps, _scenario.Rots, _scenario.Fills);
        var name = fault is ViolationException violation ? violation.Invariant : fault?.GetType().Name;
        return new Outcome(_world.Seed, _world.Trace.Hash, name, fault?.ToString(), _world.Trace.Lines, counts);
    }
}

/// <summary>What runs of one thread share: a directory in memory, and keys, which cost too much to draw for each.</summary>
internal sealed class Workbench : IDisposable
{
    // Of three regions, and of control.
    private const int KeysMax = 4;

    private readonly DirectoryInfo _directory;
    private int _runs;

    public Workbench()
    {
        var memory = new DirectoryInfo("/dev/shm");
        _directory = memory.Exists
            ? memory.CreateSubdirectory($"domicile-simulation-{Guid.CreateVersion7():N}")
            : Directory.CreateTempSubdirectory("domicile-simulation-");
        Signers = [.. Enumerable.Range(0, KeysMax).Select(_ => EcdsaSigner.Generate())];
    }

    public IReadOnlyList<EcdsaSigner> Signers { get; }

    public string NextDirectory() => _directory.CreateSubdirectory($"{_runs++}").FullName;

    public void Dispose()
    {
        _directory.Delete(recursive: true);
        foreach (var signer in Signers)
        {
            signer.Dispose();
        }
    }
}
