using System.IO.Pipelines;
using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Server.S3;
using Domicile.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Domicile.Tests.Moves;

/// <summary>
/// Regions with real stores in temporary directories, and control's part in memory; calls go straight from one to the other,
/// without a wire. <see cref="Break"/> stands for a link that fails.
/// </summary>
internal sealed class TestDeployment : IMoveControl, IAsyncDisposable
{
    private const string PolicyText =
        """
        version: 1
        rules:
          - name: Anywhere
            when: { residence: "*" }
            allow: "*"
        """;

    /// <summary>Of the access key that each account is made with.</summary>
    public const string FirstSecret = "secret-of-the-first-key";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-moves-");
    private readonly Dictionary<RegionName, RegionNode> _nodes = [];
    private readonly Dictionary<RegionName, RegionStorage> _storages = [];

    private readonly IReadOnlyList<RegionFacts> _regions;

    private TestDeployment(IReadOnlyList<RegionFacts> regions) => _regions = regions;

    public static RegionName Beijing { get; } = RegionName.Parse("beijing");

    public static RegionName Singapore { get; } = RegionName.Parse("singapore");

    public static IReadOnlyList<RegionFacts> Facts { get; } = [FactsOf(Beijing, "CN"), FactsOf(Singapore, "SG")];

    public static IReadOnlyList<RegionMember> Members { get; } =
        [MemberOf(Facts[0]), MemberOf(Facts[1]) with { Hosts = ["s3.example.com"] }];

    /// <summary>S3's own.</summary>
    public static RequestReplay Replay { get; } = new(
        new S3Options(Beijing, () => Members));

    public MoveRecordsInMemory Records { get; } = new();

    public Dictionary<AccountId, (RegionName Home, long Epoch)> Homes { get; } = [];

    /// <summary>Asked before each call of control on a region; throws to lose the question.</summary>
    public Action<RegionName, string> Break { get; set; } = (_, _) => { };

    /// <summary>What a region says to a call of control instead of doing it; null: the truth.</summary>
    public Func<RegionName, string, StepAnswer?> Lie { get; set; } = (_, _) => null;

    public bool Permits { get; set; } = true;

    /// <summary>Control's key.</summary>
    public EcdsaSigner Signer { get; } = EcdsaSigner.Generate();

    public OrderSigner Orders => field ??= new OrderSigner(Signer);

    /// <summary>Control's; the regions begin with 1.</summary>
    public long PolicyRevision { get; set; } = 1;

    /// <summary>Each region's clock; control's is the machine's.</summary>
    public Func<RegionName, TimeProvider> TimeOf { get; private init; } = _ => TimeProvider.System;

    /// <param name="withCalifornia">It is in everybody's config too, and down.</param>
    /// <param name="timeOf">Each region's clock.</param>
    public static async Task<TestDeployment> StartAsync(bool withCalifornia = false, Func<RegionName, TimeProvider>? timeOf = null)
    {
        var deployment = new TestDeployment(withCalifornia ? [.. Facts, FactsOf(RegionName.Parse("california"), "US")] : Facts)
        {
            TimeOf = timeOf ?? (_ => TimeProvider.System),
        };
        foreach (var facts in Facts)
        {
            await deployment.StartAsync(facts);
        }

        return deployment;
    }

    public RegionNode Node(RegionName region) => _nodes[region];

    public RegionStorage Storage(RegionName region) => _storages[region];

    public string DirectoryOf(RegionName region) => Path.Combine(_directory.FullName, region.Value);

    /// <summary>Ends a region in order, and starts it again on what it left.</summary>
    /// <param name="whileStopped">What befalls its directory meanwhile.</param>
    public async Task<RegionNode> RestartAsync(RegionName region, Action<string> whileStopped)
    {
        await _nodes[region].DisposeAsync();
        await _storages[region].DisposeAsync();
        _nodes[region].Region.Directory.Dispose();
        whileStopped(DirectoryOf(region));
        await StartAsync(Facts.Single(facts => facts.Name == region));
        return _nodes[region];
    }

    public IRegionPeer Region(RegionName name) => new BreakablePeer(
        _nodes[name], call => Break(name, call), call => Lie(name, call));

    public MovePermission Permit(Move move) => new(Permits, "a test says so", PolicyRevision);

    public Task SetHomeAsync(AccountId account, RegionName home, long epoch, CancellationToken cancellationToken)
    {
        if (!Homes.TryGetValue(account, out var known) || known.Epoch < epoch)
        {
            Homes[account] = (home, epoch);
        }

        return Task.CompletedTask;
    }

    public Task<string?> FindTroubleAsync(RegionName region, RegionStatus status, CancellationToken cancellationToken)
        => Task.FromResult<string?>(null);

    public Task<string?> FindTroubleAsync(Move move, byte[] departure, CancellationToken cancellationToken)
    {
        var source = _nodes[move.Source].Region;
        return Task.FromResult(DepartureCheck.TroubleOf(move, departure, source.Signer.PublicKey, source.Claim, TimeProvider.System.GetUtcNow()));
    }

    public Task<ReceiptOutcome> AppendReceiptAsync(Move move, CancellationToken cancellationToken)
        => Task.FromResult(ReceiptOutcome.At(0));

    public MoveDesk OpenDesk() => new(this, Records, Orders, TimeProvider.System, NullLoggerFactory.Instance);

    public async Task<AccountProfile> AddAccountAsync(RegionName home)
    {
        var profile = new AccountProfile(
            AccountId.FromRandom(RandomNumberGenerator.GetBytes(10)), Country.Parse("IN"), null);
        var key = AccessKey.NewId(profile.Id, RandomNumberGenerator.GetBytes(5));
        await _nodes[home].CreateAccountAsync(
            profile, new Credential(key, SecretBytes.OfText(FirstSecret), "first", DateTimeOffset.UnixEpoch), default);
        return profile;
    }

    /// <summary>Completes when nothing of the account lies under a former key here: until then its secrets' rows change.</summary>
    public async Task EncryptedAgainAsync(RegionName region, AccountId account)
    {
        var store = _storages[region].Open(account);
        for (var ticket = store.CommitCount; store.HasFormerKeys; ticket = store.CommitCount)
        {
            await store.ChangedSince(ticket, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    public static MoveRequest Request(AccountProfile profile, RegionName from, RegionName to, long epoch = 1)
        => new(profile, from, to, epoch, 1, "a test", TimeSpan.Zero, RandomNumberGenerator.GetBytes(32), 0, 0);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }

        foreach (var storage in _storages.Values)
        {
            await storage.DisposeAsync();
        }

        Signer.Dispose();
        _directory.Delete(recursive: true);
    }

    public static RegionMember MemberOf(RegionFacts facts)
        => new(facts, new Uri($"https://{facts.Name}.example:19000"), new Uri($"http://{facts.Name}.example:9000"), []);

    private static RegionFacts FactsOf(RegionName name, string country)
    {
        var code = Country.Parse(country);
        return new RegionFacts(name, code, new Party("Operator", code), new Party("Owner", code), new CustodianFacts("local", code));
    }

    private async Task StartAsync(RegionFacts facts)
    {
        var directory = Directory.CreateDirectory(DirectoryOf(facts.Name)).FullName;
        var storage = RegionStorage.Open(
            directory, await LocalCustodian.OpenAsync(directory, default), TimeOf(facts.Name), summarize: AccountSurvey.Summarize);
        var replica = RegionDirectory.Open(directory, [.. _regions.Select(MemberOf)]);
        replica.Take(new DirectoryUpdate([], 1, PolicyText));
        var node = new RegionNode(
            new RegionContext
            {
                Self = facts,
                Storage = storage,
                Directory = replica,
                Links = new DirectLinks(this, facts.Name),
                Signer = EcdsaSigner.Generate(),
                Orders = new OrderCheck(Signer.PublicKey),
                Time = TimeOf(facts.Name),
            },
            Replay,
            NullLoggerFactory.Instance);
        _storages[facts.Name] = storage;
        _nodes[facts.Name] = node;
        node.Start();
    }

    private sealed class DirectLinks(TestDeployment deployment, RegionName self) : IRegionLinks
    {
        public IRegionLink To(RegionName region) => new DirectLink(deployment.Node(region), self);

        public Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
            => Task.FromResult<DirectoryEntry?>(null);
    }

    private sealed class DirectLink(RegionNode node, RegionName caller) : IRegionLink
    {
        public Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken)
        {
            var pipe = new Pipe();
            _ = StreamAsync(order, after, boxKey, pipe.Writer, cancellationToken);
            return Task.FromResult(pipe.Reader.AsStream());
        }

        public Task<Stream> ProbeAsync(int lengthBytes, CancellationToken cancellationToken)
            => Task.FromResult<Stream>(new MemoryStream(new byte[lengthBytes]));

        public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
            => node.RefuseAsync(order, reason, cancellationToken);

        public async Task<HandOverAnswer> HandOverAsync(
            HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
        {
            using var body = new MemoryStream();
            await writeBody(body, cancellationToken);
            body.Position = 0;
            return await node.HandOvers.TakeAsync(caller, handOver, body, cancellationToken);
        }

        private async Task StreamAsync(
            MoveOrder order, long after, byte[] boxKey, PipeWriter output, CancellationToken cancellationToken)
        {
            try
            {
                await node.Changes.StreamAsync(order, caller, after, boxKey, output, cancellationToken);
                await output.CompleteAsync();
            }
            catch (Exception e)
            {
                await output.CompleteAsync(new IOException("The stream broke.", e));
            }
        }
    }
}

/// <summary>Control's saved moves, as durable as the test.</summary>
internal sealed class MoveRecordsInMemory : IMoveRecords
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Move> _moves = [];

    public Move? Find(Guid id)
    {
        lock (_gate)
        {
            return _moves.GetValueOrDefault(id);
        }
    }

    public Task<Move?> AddAsync(Move move, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var open = FindOpen(move.Account);
            if (open is null)
            {
                _moves.Add(move.Id, move);
            }

            return Task.FromResult(open);
        }
    }

    public Task<bool> SaveAsync(Move before, Move after, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var isCurrent = _moves[before.Id] == before;
            _moves[before.Id] = isCurrent ? after : _moves[before.Id];
            return Task.FromResult(isCurrent);
        }
    }

    /// <summary>Drops the moves that are over, as control's database keeps them out of memory.</summary>
    public void ForgetOver()
    {
        lock (_gate)
        {
            foreach (var over in _moves.Values.Where(move => move.IsOver).ToList())
            {
                _moves.Remove(over.Id);
            }
        }
    }

    public IReadOnlyList<Move> ListOpen()
    {
        lock (_gate)
        {
            return [.. _moves.Values.Where(move => !move.IsOver)];
        }
    }

    public IReadOnlyList<Move> List(int atMost)
    {
        lock (_gate)
        {
            return [.. _moves.Values.Take(atMost)];
        }
    }

    public Move? FindOpen(AccountId account)
    {
        lock (_gate)
        {
            return _moves.Values.FirstOrDefault(move => move.Account == account && !move.IsOver);
        }
    }
}
