using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Simulation.Clients;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Seeding;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>A region: the real node, on a disk that outlives it.</summary>
internal sealed class RegionMachine : IParty
{
    private readonly World _world;
    private readonly Deployment _deployment;
    private readonly EcdsaSigner _signer;
    private RegionDirectory? _replica;
    private int _starts;

    public RegionMachine(Deployment deployment, RegionFacts facts, int number, string directory, EcdsaSigner signer, TimeSpan skew)
    {
        _world = deployment.World;
        _deployment = deployment;
        _signer = signer;
        Clock = new Clock(skew);
        Facts = facts;
        Number = number;
        Disk = new VirtualDisk(deployment.Seeds);
        Directory = directory;
        System.IO.Directory.CreateDirectory(directory);
    }

    public RegionFacts Facts { get; }

    public RegionName Region => Facts.Name;

    public int Number { get; }

    public string Name => Facts.Name.Value;

    public string Directory { get; }

    public VirtualDisk Disk { get; }

    public Clock Clock { get; }

    public Life? Life { get; private set; }

    /// <summary>Null while it is down.</summary>
    public RegionNode? Node { get; private set; }

    /// <summary>What has befallen an account's files here, until they are put back.</summary>
    public Rot? Rot { get; private set; }

    public PublicKey SigningKey => _signer.PublicKey;

    /// <summary>Hears of each write that this region hands over, and to whom.</summary>
    public Action<RegionName, HandOver> HandsOver { get; set; } = (_, _) => { };

    /// <summary>The node, for a call that has just arrived.</summary>
    public RegionNode Up => Node ?? throw new IOException($"{Name} is down.");

    public void Start()
    {
        if (Rot is not null && _deployment.Seeds.IsMissing(SeededBug.LossNotNoticed))
        {
            // What SQLite makes of the log is taken, whatever was acknowledged.
            File.Create(Path.Combine(Rot.Directory, DatabaseOpening.AcceptName)).Dispose();
        }

        var life = new Life(_world, Number, Name, Clock, () => _deployment.Ghost.Look(this));
        var storage = RegionStorage.Open(Directory, new Custodian((byte)Number), life.Time, workers: life, disk: Disk);
        _replica = RegionDirectory.Open(Directory, [.. _deployment.Facts.Select(MemberOf)]);
        Life = life;
        Node = new RegionNode(
            new RegionContext
            {
                Self = Facts,
                Storage = storage,
                Directory = _replica,
                Links = _deployment.Seeds.Wrap(new Links(_deployment, this)),
                Signer = _signer,
                Orders = _deployment.OrderCheck,
                Time = life.Time,
                Copy = _deployment.Copy,
            },
            new Replay(_deployment.Seeds.IsMissing(SeededBug.HandOverNotSigned)),
            _deployment.Logs);
        _starts++;
        _world.Trace.Say($"-- {Name} is up ({_starts})");
        Node.Start();
    }

    private static RegionMember MemberOf(RegionFacts facts)
        => new(facts, new Uri($"https://{facts.Name}.example:19000"), new Uri($"http://{facts.Name}.example:9000"), []);

    /// <summary>The power fails.</summary>
    /// <param name="rotting">Not null: what the disk has of an account rots.</param>
    public void Crash(Dice? rotting = null)
    {
        _world.Trace.Say($"-- {Name} crashes");
        var rot = rotting is null ? null : Rot.Choose(this, _deployment.Accounts, rotting);
        var lost = Disk.Crash(_world.Dice, Stop);
        if (rot is not null && !lost.Contains(rot.Directory))
        {
            var what = rot.Befall(rotting!); // A trace that nobody reads evaluates nothing.
            _world.Trace.Say($"-- the files of {_deployment.NameOf(rot.Account)} {what}");
            (Rot, lost) = (rot, [.. lost, rot.Directory]);
        }

        _deployment.Ghost.Crashed(this, lost.Select(directory => AccountId.Parse(Path.GetFileName(directory))));
    }

    /// <summary>Down, and up again with the files that had rotted.</summary>
    public void Mend()
    {
        if (Node is not null)
        {
            Crash();
        }

        _world.Trace.Say($"-- {Name} has its files back");
        Rot?.PutBack();
        Rot = null;
        Start();
    }

    public void Stop()
    {
        if (Life is null)
        {
            return;
        }

        var life = Life;
        var node = Node!;
        (Life, Node) = (null, null);
        node.Region.Storage.Abandon();
        _replica!.Dispose();
        life.End();
    }
}
