using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Seeding;
using Microsoft.Extensions.Logging;

namespace Domicile.Simulation.Machines;

/// <summary>Regions, controls, what connects them, and who looks on.</summary>
internal sealed class Deployment : IDisposable
{
    private static readonly (string Name, string Country)[] Places = [("alpha", "CN"), ("bravo", "SG"), ("charlie", "US")];

    private readonly Dictionary<RegionName, RegionMachine> _regions = [];
    private readonly List<Guid> _moves = [];
    private readonly Dice _ids;

    public Deployment(World world, Weather weather, Seeds seeds, Shape shape, string directory, IReadOnlyList<EcdsaSigner> signers)
    {
        World = world;
        Seeds = seeds;
        Root = directory;
        Copy = shape.Copy;
        _ids = world.Dice.Fork();
        Network = new Network(world, weather);
        Logs = new FaultLog(world);
        Facts = [.. Places.Take(shape.Regions).Select(place => FactsOf(place.Name, place.Country))];
        Ghost = new Ghost(this);
        Orders = new OrderSigner(signers[^1]);
        OrderCheck = new OrderCheck(signers[^1].PublicKey);
        for (var i = 0; i < Facts.Count; i++)
        {
            var skew = TimeSpan.FromSeconds(world.Dice.Between(-40, 40));
            _regions[Facts[i].Name] = new RegionMachine(
                this, Facts[i], 10 + i, Path.Combine(directory, Facts[i].Name.Value), signers[i], skew);
        }

        Controls = [.. Enumerable.Range(1, shape.Controls).Select(number => new ControlMachine(this, number))];
    }

    public World World { get; }

    public string Root { get; }

    public CopyBounds Copy { get; }

    public Network Network { get; }

    public Register Register { get; } = new();

    public Ghost Ghost { get; }

    public History History { get; } = new();

    public Seeds Seeds { get; }

    public OrderSigner Orders { get; }

    public OrderCheck OrderCheck { get; }

    public ILoggerFactory Logs { get; }

    public IReadOnlyList<RegionFacts> Facts { get; }

    public IReadOnlyList<ControlMachine> Controls { get; }

    public IReadOnlyList<RegionMachine> Regions => [.. _regions.Values];

    public List<AccountProfile> Accounts { get; } = [];

    public int MoveCount => _moves.Count;

    public RegionMachine Region(RegionName name) => _regions[name];

    public Guid DrawMoveId()
    {
        var id = new Guid(_ids.Bytes(16));
        _moves.Add(id);
        return id;
    }

    public string NameOf(Guid move) => $"move-{_moves.IndexOf(move) + 1}";

    public string NameOf(AccountId account) => $"account-{Accounts.FindIndex(one => one.Id == account) + 1}";

    public void Start()
    {
        foreach (var region in Regions)
        {
            region.Start();
        }

        foreach (var control in Controls)
        {
            control.Start();
        }
    }

    public void Dispose()
    {
        foreach (var region in Regions)
        {
            region.Stop();
        }

        Register.Dispose();
    }

    private static RegionFacts FactsOf(string name, string country)
    {
        var code = Country.Parse(country);
        return new RegionFacts(
            RegionName.Parse(name), code, new Party("Operator", code), new Party("Owner", code), new CustodianFacts("local", code));
    }

    /// <summary>What is logged as an error is a fault: the engine says so where something broke that should not.</summary>
    private sealed class FaultLog(World world) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error || world.Trace.IsKept;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error && exception is not IOException)
            {
                world.Fail(exception ?? new InvalidOperationException(formatter(state, null)));
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>How large a world is.</summary>
internal sealed record Shape(int Regions, int Controls, int Accounts, CopyBounds Copy);
