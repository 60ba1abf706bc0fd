using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Policies;
using Domicile.Proofs;
using Microsoft.Extensions.Logging;

namespace Domicile.Control;

/// <summary>What control is made of.</summary>
internal sealed record ControlSetup
{
    /// <summary>The configuration in force.</summary>
    public required DeploymentBook Deployment { get; init; }

    public required DeploymentFiles Files { get; init; }

    /// <summary>Where control.db is, or is to be.</summary>
    public required string DatabasePath { get; init; }

    /// <summary>Each region of the configuration in force, as it is reached now; null for others.</summary>
    public required Func<RegionName, IRegionPeer?> FindPeer { get; init; }

    /// <summary>Signs control's statements and the ledger's checkpoints. Stays its owner's.</summary>
    public required EcdsaSigner Signer { get; init; }

    /// <summary>The signing key of a region whose data directory lies beside control's; null for others.</summary>
    public required Func<RegionName, PublicKey?> KeyHere { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILoggerFactory Log { get; init; }
    public Entropy Entropy { get; init; } = Entropy.System;
}

/// <summary>Control: the operations behind its API, and the loops that keep promises made before.</summary>
internal sealed class ControlDesk : IAsyncDisposable
{
    private readonly ControlParts _parts;
    private readonly ILogger _log;
    private bool _isDisposed;

    private ControlDesk(ControlParts parts, MoveControl moveControl, ILoggerFactory log)
    {
        _parts = parts;
        _log = log.CreateLogger<ControlDesk>();
        MoveControl = moveControl;
        Accounts = new AccountDesk(parts);
        Erasures = new EraseDesk(parts, Accounts);
        Keys = new KeyDesk(parts, Accounts);
        Policies = new PolicyDesk(parts, Accounts);
        Moves = new MoveRequests(parts, Accounts);
        Plans = new PlanDesk(parts, Policies, Moves);
        Drains = new DrainDesk(parts, Plans);
        Reloads = new ReloadDesk(parts);
        Status = new StatusDesk(parts);
        Doctor = new DoctorDesk(parts);
        Enrolments = new EnrolDesk(parts);
        Push = new DirectoryPush(parts, log.CreateLogger<DirectoryPush>());
        Tidying = new AccountTidying(parts, Accounts, Erasures, log.CreateLogger<AccountTidying>());
        Tokens = new TokenBook(parts.Database);
    }

    /// <summary>The deployment's.</summary>
    public string Name => _parts.Config.Name;
    public AccountDesk Accounts { get; }
    public EraseDesk Erasures { get; }
    public KeyDesk Keys { get; }
    public PolicyDesk Policies { get; }
    public MoveRequests Moves { get; }
    public PlanDesk Plans { get; }
    public DrainDesk Drains { get; }
    public ReloadDesk Reloads { get; }
    public StatusDesk Status { get; }
    public DoctorDesk Doctor { get; }
    public EnrolDesk Enrolments { get; }
    public DirectoryPush Push { get; }
    public AccountTidying Tidying { get; }
    public TokenBook Tokens { get; }
    public ControlLedger Ledger => _parts.Ledger;
    public AccountDirectory Directory => _parts.Directory;
    public ControlDatabase Database => _parts.Database;
    public MoveDesk MoveDesk => _parts.Moves;
    public IMoveControl MoveControl { get; }

    /// <summary>Opens control's database; the first time, puts the configured policy file in force.</summary>
    public static async Task<ControlDeskResult> OpenAsync(ControlSetup setup, CancellationToken cancellationToken)
    {
        var database = ControlDatabase.Open(setup.DatabasePath);
        var ledger = await ControlLedger.OpenAsync(
            database, setup.Signer, setup.Deployment.Config.Name, setup.Time, cancellationToken);
        switch (await OpenPolicyAsync(setup, database, ledger, cancellationToken))
        {
            case Outcome<PolicyBook>.Done { Answer: var policies }:
                return new ControlDeskResult.Opened(Compose(setup, database, ledger, policies));
            case Outcome<PolicyBook>.Refused refused:
                database.Dispose();
                return new ControlDeskResult.Refused(refused.Refusal.Error);
            default:
                throw new InvariantViolatedException(nameof(OpenPolicyAsync));
        }
    }

    /// <summary>
    /// Takes up the moves that a former process left, and runs what goes on in the background until it is cancelled. A loop
    /// that an exception ended is begun again after a while: its work is on record.
    /// </summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        MoveDesk.Resume();
        return Task.WhenAll(
            Loops.KeepRunningAsync("pushing the directory", Push.RunAsync, _parts.Time, _log, cancellationToken),
            Loops.KeepRunningAsync("tidying accounts", Tidying.RunAsync, _parts.Time, _log, cancellationToken));
    }

    /// <summary>Whether the config has the region: others are no peers.</summary>
    public bool HasRegion(RegionName region) => _parts.Config.Find(region) is not null;

    /// <summary>What a replica lacks, at most one message's worth; empty where it lacks nothing.</summary>
    /// <param name="revision">Of the policy that it has; 0 for none.</param>
    public DirectoryUpdate DirectorySince(long version, long revision) => Push.UpdateSince(version, revision);

    /// <summary>For a region that meets an account it doesn't know; null where nobody knows it.</summary>
    public DirectoryEntry? FindAccount(AccountId account) => _parts.Directory.FindEntry(account);

    /// <summary>The receipt's file, by the move's id.</summary>
    public async Task<Outcome<byte[]>> ReceiptAsync(Guid move, CancellationToken cancellationToken)
        => _parts.Moves.Find(move) is { } found
            ? await _parts.Receipts.ShowAsync(await _parts.Moves.ProveAsync(found, cancellationToken), cancellationToken)
            : MoveRequests.NoSuchMove(move);

    /// <summary>Has the account's home read it again, to the last byte.</summary>
    public async Task<Outcome<DeepVerificationView>> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (!Accounts.FindActive(text).Is(out var account, out var refusal))
        {
            return refusal;
        }

        var asked = await _parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.VerifyDeepAsync(account.Id, limited), cancellationToken,
            ControlLimits.LongAnswerPatience);
        return asked.Is(out var result, out refusal)
            ? new DeepVerificationView(account.Id.Value, account.Home.Value.Value, result) : refusal;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        await _parts.Moves.DisposeAsync();
        _parts.Database.Dispose();
    }

    private static async Task<Outcome<PolicyBook>> OpenPolicyAsync(
        ControlSetup setup, ControlDatabase database, ControlLedger ledger, CancellationToken cancellationToken)
    {
        IReadOnlyList<RegionName> names() => [.. setup.Deployment.Config.Facts.Select(facts => facts.Name)];
        if (PolicyBook.Load(database, names) is { } book)
        {
            return book;
        }

        var read = Policy.Load(setup.Deployment.Config.PolicyPath, names());
        if (read is PolicyResult.Invalid invalid)
        {
            return Refusal.Malformed(string.Join("; ", invalid.Errors));
        }

        var first = PolicyBook.Begin(database, names, ((PolicyResult.Ok)read).Policy, setup.Time.GetUtcNow());
        await database.WriteAsync(
            sql =>
            {
                PolicyBook.Store(sql, first.Current);
                return ledger.AppendPolicy(sql, first.Current, "domicile.yaml");
            },
            cancellationToken);
        return first;
    }

    private static ControlDesk Compose(
        ControlSetup setup, ControlDatabase database, ControlLedger ledger, PolicyBook policies)
    {
        var regions = new RegionQuestions(setup.FindPeer, setup.Time);
        var directory = new AccountDirectory(database);
        var keys = new RegionKeys(database, regions, setup.KeyHere);
        var receipts = new Receipts(database, ledger, keys, regions, setup.Deployment, setup.Time);
        var draining = new DrainBook(database);
        var moveControl = new MoveControl(regions, directory, policies, receipts, keys, setup.Deployment, draining);
        var moves = new MoveDesk(
            moveControl, new MoveRecords(database.Read, database.WriteAsync), new OrderSigner(setup.Signer), setup.Time, setup.Log);
        var paces = new Paces(database, regions, setup.Time);
        var parts = new ControlParts
        {
            Deployment = setup.Deployment,
            Files = setup.Files,
            Database = database,
            Directory = directory,
            Policies = policies,
            Draining = draining,
            Regions = regions,
            Ledger = ledger,
            Keys = keys,
            Receipts = receipts,
            Moves = moves,
            Paces = paces,
            Forecasts = new Forecasts(moves, paces, setup.Time),
            Entropy = setup.Entropy,
            Time = setup.Time,
        };
        return new ControlDesk(parts, moveControl, setup.Log);
    }
}

/// <summary>What became of opening control.</summary>
internal abstract record ControlDeskResult
{
    private ControlDeskResult()
    {
    }

    public sealed record Opened(ControlDesk Desk) : ControlDeskResult;

    /// <param name="Reason">One line that names file and line.</param>
    public sealed record Refused(string Reason) : ControlDeskResult;
}
