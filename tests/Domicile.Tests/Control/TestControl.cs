using Domicile.Accounts;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Tests.Moves;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Domicile.Tests.Control;

/// <summary>Control with its real database over two real regions, Beijing and Singapore, behind links that can fail.</summary>
internal sealed class TestControl : IAsyncDisposable
{
    public const string OutOfChina =
        """
        version: 1
        rules:
          - name: China keeps its own
            when: { residence: [CN] }
            allow: { countries: [CN] }
          - name: Nobody asked Antarctica
            when: { residence: [AQ] }
            allow: { countries: [AQ] }
          - name: Everyone else leaves
            when: { residence: "*" }
            avoid: { exposure: [CN], by: [location] }
        """;

    public const string Config =
        """
        deployment: test
        control: { listen: "http://127.0.0.1:19000" }
        regions:
          beijing: { listen: "http://127.0.0.1:19101", country: CN, operator: { name: Operator, country: CN }, owner: { name: Owner, country: CN }, custodian: { kind: local, country: CN } }
          singapore: { listen: "http://127.0.0.1:19102", country: SG, operator: { name: Operator, country: SG }, owner: { name: Owner, country: SG }, custodian: { kind: local, country: SG } }
        policy: policy.yaml
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-control-");
    private readonly TestDeployment _regions;

    private readonly TimeProvider _time;

    private TestControl(TestDeployment regions, TimeProvider time) => (_regions, _time) = (regions, time);

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public Faults Faults { get; } = new();

    /// <summary>Which regions lie beside control, and so need no enrolment; all, unless a test wants it otherwise.</summary>
    public Func<RegionName, PublicKey?> KeyHere { get; set; } = null!;

    public ControlDesk Desk { get; private set; } = null!;

    public PublicKey LedgerKey => _regions.Signer.PublicKey;

    public string ConfigPath => Path.Combine(_directory.FullName, "domicile.yaml");

    public string DatabasePath => Path.Combine(_directory.FullName, ControlDatabase.FileName);

    /// <param name="time">Control's clock.</param>
    /// <param name="timeOf">Each region's.</param>
    public static async Task<TestControl> StartAsync(TimeProvider? time = null, Func<RegionName, TimeProvider>? timeOf = null)
    {
        var control = new TestControl(await TestDeployment.StartAsync(timeOf: timeOf), time ?? TimeProvider.System);
        control.KeyHere = control.KeyOf;
        await File.WriteAllTextAsync(control.ConfigPath, Config, Cancelled);
        await File.WriteAllTextAsync(Path.Combine(control._directory.FullName, "policy.yaml"), OutOfChina, Cancelled);
        await control.OpenAsync();
        return control;
    }

    public IRegionPeer Region(RegionName name) => _regions.Node(name);

    /// <summary>A region's replica.</summary>
    public RegionDirectory DirectoryOf(RegionName name) => _regions.Node(name).Region.Directory;

    /// <summary>What a crash leaves: the database, and nothing that was in memory.</summary>
    public async Task RestartAsync()
    {
        await Desk.DisposeAsync();
        await OpenAsync();
    }

    public async Task<NewAccountView> AddAsync(string residence, string? region = null)
        => Done(await Desk.Accounts.AddAsync(
            new NewAccount(residence, null, region, region is null ? null : "as it lies"), "tester", Cancelled));

    /// <summary>Regions learn of directory and policy when control's loop tells them; here, when a test says so.</summary>
    public async Task PushAsync()
    {
        foreach (var facts in TestDeployment.Facts)
        {
            Assert.Null(await Desk.Push.PushAsync(facts.Name, Cancelled));
        }
    }

    /// <summary>Moves an account and waits for the end.</summary>
    public async Task<Move> MoveAsync(string account, RegionName to)
    {
        await PushAsync();
        var view = Done(await Desk.Moves.MoveAsync(new NewMove(account, to.Value, null), Cancelled));
        return await EndAsync(view.Move);
    }

    public async Task<Move> EndAsync(Guid id)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, Cancelled);
        while (true)
        {
            var seen = Desk.MoveDesk.ChangeCount;
            if (Desk.MoveDesk.Find(id) is { IsOver: true } over)
            {
                return over;
            }

            try
            {
                await Desk.MoveDesk.ChangedSince(seen, either.Token);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                // A move that stands still says why, instead of a test that hangs.
                Assert.Fail($"{Desk.MoveDesk.Find(id)!.State}: {Desk.MoveDesk.Trouble(id)}");
            }
        }
    }

    public PublicKey KeyOf(RegionName region) => _regions.Node(region).Region.Signer.PublicKey;

    public static T Done<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.Is(out var answer, out var refusal), refusal?.Error);
        return answer!;
    }

    public static Refusal Refused<T>(Outcome<T> outcome, RefusalKind kind)
    {
        var refusal = Assert.IsType<Outcome<T>.Refused>(outcome).Refusal;
        Assert.Equal(kind, refusal.Kind);
        return refusal;
    }

    public async ValueTask DisposeAsync()
    {
        await Desk.DisposeAsync();
        await _regions.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task OpenAsync()
    {
        var files = new DeploymentFiles(ConfigPath, Path.Combine(_directory.FullName, "data"), _time);
        var config = Assert.IsType<ConfigResult.Ok>(files.ReadConfig()).Config;
        var opened = await ControlDesk.OpenAsync(
            new ControlSetup
            {
                Deployment = new DeploymentBook(config, EndpointPlan.Resolve(config, _directory.FullName)),
                Files = files,
                DatabasePath = DatabasePath,
                FindPeer = region => TestDeployment.Facts.Any(facts => facts.Name == region)
                    ? new LossyRegion(_regions.Node(region), region, Faults) : null,
                Signer = _regions.Signer,
                KeyHere = region => KeyHere(region),
                Time = _time,
                Log = NullLoggerFactory.Instance,
            },
            Cancelled);
        Desk = Assert.IsType<ControlDeskResult.Opened>(opened).Desk;
    }
}
