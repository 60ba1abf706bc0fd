using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Storage;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// A region as control sees it, without the wire: every call of <see cref="IRegionPeer"/> on this region's own store.
/// </summary>
internal sealed partial class RegionNode : IRegionPeer, IAsyncDisposable
{
    private readonly RegionContext _region;
    private readonly ArrivalPulls _pulls;
    private readonly SourceRole _source;
    private readonly TargetRole _target;
    private readonly SourceWatch _watch;
    private readonly Reencryptor _reencryptor;
    private readonly AccountSurvey _survey;

    private readonly CancellationTokenSource _stop = new();
    private const ConfigureAwaitOptions Quiet =
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly ILogger _log;
    private Task _watching = Task.CompletedTask;
    private Task _resuming = Task.CompletedTask;

    public RegionNode(RegionContext region, IRequestReplay replay, ILoggerFactory logs)
    {
        _region = region;
        _log = logs.CreateLogger<RegionNode>();
        _pulls = new ArrivalPulls(region, logs.CreateLogger<ArrivalPulls>());
        _reencryptor = new Reencryptor(region, logs.CreateLogger<Reencryptor>());
        _source = new SourceRole(region, _stop.Token) { Reencryptor = _reencryptor };
        _target = new TargetRole(region, _pulls, logs.CreateLogger<TargetRole>());
        _survey = new AccountSurvey(region);
        _watch = new SourceWatch(region, _source, logs.CreateLogger<SourceWatch>());
        Changes = new ChangeSource(region);
        HandOvers = new HandOverDesk(region, replay, logs.CreateLogger<HandOverDesk>());
        Gateway = new AccountGateway(region);
        Secrets = new SecretOffers(region.Time);
    }

    public ChangeSource Changes { get; }

    public HandOverDesk HandOvers { get; }

    public AccountGateway Gateway { get; }

    /// <summary>For the secrets of new access keys, on their way from control.</summary>
    public SecretOffers Secrets { get; }

    public RegionContext Region => _region;

    /// <summary>Accounts and moves of which something is kept in memory, because it is under way.</summary>
    public int KeptCount => _pulls.Count + _source.KeptCount + _target.KeptCount + _watch.Count + _reencryptor.Count;

    /// <summary>Takes up what a former process left: pulls that were under way, seals that nobody may lift any more.</summary>
    public void Start()
    {
        _watching = _region.Storage.Workers.Run(
            () => Loops.KeepRunningAsync("watching sealed accounts", _watch.RunAsync, _region.Time, _log, _stop.Token));
        _resuming = _region.Storage.Workers.Run(ResumeAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(Quiet);
        await _resuming.ConfigureAwait(Quiet);
        await _source.StoppedAsync();
        await _reencryptor.DisposeAsync();

        // What a refused move brought is being wiped, which ends that move's pull: before all pulls are ended.
        await _target.DisposeAsync();
        await _pulls.DisposeAsync();
        _stop.Dispose();
    }

    public Task<RegionStatus> StatusAsync(CancellationToken cancellationToken)
        => Task.FromResult(new RegionStatus(
            _region.Name, Environment.ProcessId, _region.Directory.PolicyRevision, _region.Directory.Version,
            _region.Storage.FreeBytes, _region.Time.GetUtcNow(), _region.Signer.PublicKey.Spki.ToArray())
        {
            Claim = _region.Claim,
            Protocol = PeerProtocol.Own,
            AccountFormat = Schema.Format.Version,
            MembersTag = _region.Directory.MembersTag,
        });

    public async Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken)
    {
        if ((await CreateAccountsAsync([new FirstHome(profile, first)], cancellationToken))[0] is { } refusal)
        {
            throw new RegionRefusedException(_region.Name, refusal);
        }
    }

    public async Task<IReadOnlyList<string?>> CreateAccountsAsync(
        IReadOnlyList<FirstHome> accounts, CancellationToken cancellationToken)
    {
        var made = await _region.Storage.NewDatabases.MakeAsync(
            [.. accounts.Select(AccountCreation.ToDatabase)], cancellationToken);
        var refusals = new string?[accounts.Count];
        foreach (var (line, account) in accounts.Index().Where(one => !made[one.Index]))
        {
            refusals[line] = await CreateWhereItIsAsync(account, cancellationToken);
        }

        return refusals;
    }

    // Something of it is here: made before, as it seems to who asks again, or gone, or damaged.
    private async Task<string?> CreateWhereItIsAsync(FirstHome account, CancellationToken cancellationToken)
    {
        await _region.Storage.OpenDatabases.RoomAsync(cancellationToken);
        var store = _region.Storage.Open(account.Profile.Id);
        try
        {
            return await store.WriteAsync(
                transaction => AccountCreation.Run(transaction, store, account.Profile, account.First), cancellationToken);
        }
        catch (StorageUnreadableException damaged)
        {
            return damaged.WithNext;
        }
    }

    Task<CommandResult> IRegionPeer.ExecuteAsync(
        AccountId account, CredentialCommand command, CancellationToken cancellationToken)
        => ExecuteAsync(account, command, cancellationToken);

    /// <summary>Runs a command that no client has signed: here or nowhere.</summary>
    public async Task<CommandResult> ExecuteAsync(
        AccountId account, AccountCommand command, CancellationToken cancellationToken)
        => await Gateway.RouteAsync(account, isWrite: true, cancellationToken) switch
        {
            Route.Here(var copy) => await ExecuteAsync(copy, command, cancellationToken),
            Route.Busy(var reason) => throw new RegionRefusedException(_region.Name, reason),
            Route.Damaged(var reason) => throw new RegionRefusedException(_region.Name, reason),
            _ => throw new RegionRefusedException(_region.Name, $"account {account} is not at home here"),
        };

    public async Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken)
    {
        if (_region.Storage.Find(account) is not { } store)
        {
            throw new RegionRefusedException(_region.Name, $"account {account} is not at home here");
        }

        var refusal = await store.WriteAsync(
            transaction => KeyRotation.Begin(transaction, store, rotation), cancellationToken);
        if (refusal is not null)
        {
            throw new RegionRefusedException(_region.Name, refusal);
        }

        _reencryptor.Begin(account);
        return KeyRotation.Describe(store);
    }

    public async Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken)
    {
        await using var copy = await OpenAsync(account, cancellationToken);
        return KeyRotation.Describe(copy.Store);
    }

    public async Task<byte[]> StateReencryptionAsync(
        AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken)
    {
        await using var copy = await OpenAsync(account, cancellationToken);
        return ReencryptionStatement.TryMake(_region, copy.Store, move, salt)
            ?? throw new RegionRefusedException(_region.Name, $"move {move} did not begin the present epoch of account {account}");
    }

    public async Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken)
    {
        await using var copy = await OpenAsync(account, cancellationToken);
        var credentials = await copy.ListCredentialsAsync(cancellationToken);
        return [.. credentials.Select(one => new AccessKeyView(one.AccessKeyId, one.Label, one.CreatedAt))];
    }

    public Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => Task.FromResult(_survey.Find(account));

    public Task<IReadOnlyList<AccountStatus?>> FindAccountsAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => Task.FromResult<IReadOnlyList<AccountStatus?>>([.. accounts.Select(_survey.Find)]);

    public async Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken)
    {
        await using var copy = await OpenAsync(account, cancellationToken);
        return await AccountSurvey.MeasureAsync(_region, copy, cancellationToken);
    }

    public Task<IReadOnlyList<MeasuredAccount>> MeasureUsagesAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => _survey.MeasureAsync(accounts, MeasureUsageAsync, cancellationToken);

    public async Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken)
    {
        await using var copy = await OpenAsync(account, cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, copy.Cut);
        var result = await AccountVerification.RunAsync(copy.Store, ending.Token);
        _region.Damages.Verified(account, result.Troubles);
        return result;
    }

    public Task<byte[]> EraseAccountAsync(
        AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
        => TellingAsync(account, () => AccountEnd.RunAsync(_region, account, epoch, salt, cancellationToken));

    public Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken)
    {
        _region.Directory.Take(update);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken)
        => Task.FromResult(new RegionExamination(_region).Run());

    public Task<LinkMeasure?> MeasureLinkAsync(RegionName source, CancellationToken cancellationToken)
        => LinkProbe.RunAsync(_region, source, cancellationToken);

    public Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("prepare", order, () => _source.PrepareAsync(order, cancellationToken));

    public Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("arrive", order, () => _target.ArriveAsync(order, cancellationToken));

    public async Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        _region.CheckOrder(order);

        // Before the seal: a process that dies between the two has only an account to look at once in vain.
        _watch.Watch(order);
        return await StepAsync("seal", order, () => _source.SealAsync(order, cancellationToken));
    }

    public Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
        => StepAsync("drain", order, () => _target.DrainAsync(order, finalSeq, cancellationToken));

    public Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("depart", order, () => _source.DepartAsync(order, cancellationToken));

    public async Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
    {
        var answer = await StepAsync(
            "activate", order, () => _target.ActivateAsync(order, finalSeq, digest, departure, cancellationToken));
        _reencryptor.Begin(order.Account);
        return answer;
    }

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => StepAsync("refuse", order, () => _target.RefuseAsync(order, reason, cancellationToken));

    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        _region.CheckOrder(order);
        return _target.DiscardAsync(order, cancellationToken);
    }

    public Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        _region.CheckOrder(order);
        _watch.Forget(order);
        return StepAsync("unseal", order, () => _source.UnsealAsync(order, cancellationToken));
    }

    public Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        _region.CheckOrder(order);
        _watch.Forget(order);
        return StepAsync("settle", order, () => _source.SettleAsync(order, cancellationToken));
    }

    public Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
        => StepAsync(
            "erase", order,
            () => TellingAsync(order.Account, () => _source.EraseAsync(order, arrival, cancellationToken)));

    // Why an erasure isn't signed, control hears from the answer; whoever reads this region's log must find it too.
    private async Task<T> TellingAsync<T>(AccountId account, Func<Task<T>> erase)
    {
        try
        {
            return await erase();
        }
        catch (RegionRefusedException e)
        {
            LogNotErased(_log, account, e.Reason);
            throw;
        }
    }

    public Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
    {
        _region.CheckOrder(order);
        return HandOvers.EndAsync(order, erasure, cancellationToken);
    }

    private async Task<StepAnswer> StepAsync(string step, MoveOrder order, Func<Task<StepAnswer>> act)
    {
        _region.CheckOrder(order);
        await CrashPoint.ReachAsync($"{step}.asked", order.Account);
        var answer = await act();
        await CrashPoint.ReachAsync($"{step}.done", order.Account);
        return answer;
    }

    private async Task<CommandResult> ExecuteAsync(
        AccountCopy copy, AccountCommand command, CancellationToken cancellationToken)
    {
        await using (copy)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, copy.Cut);
            return await Gateway.WriteAsync(copy, command, null, ending.Token);
        }
    }

    private async Task<AccountCopy> OpenAsync(AccountId account, CancellationToken cancellationToken)
        => await Gateway.RouteAsync(account, isWrite: false, cancellationToken) switch
        {
            Route.Here(var copy) => copy,
            Route.Damaged(var reason) => throw new RegionRefusedException(_region.Name, reason),
            _ => throw new RegionRefusedException(_region.Name, $"account {account} is not at home here"),
        };

    private async Task ResumeAsync()
    {
        var left = _region.Storage.AccountsToLookAt().ToList();
        for (var failures = 0; left.Count > 0; failures++)
        {
            var failed = new List<AccountId>();
            foreach (var account in left)
            {
                if (!await TryResumeAsync(account))
                {
                    failed.Add(account);
                }
            }

            left = failed;
            await Task.Delay(MoveLimits.RetryAfter(failures), _region.Time, _stop.Token);
        }

        _region.Storage.StartMarks.SetComplete();
    }

    // One account whose disk or database fails must not keep the others from what they wait for.
    [SuppressMessage("Design", "CA1031", Justification = "Rotten rows may break any rule; the other accounts go on.")]
    private async Task<bool> TryResumeAsync(AccountId account)
    {
        _stop.Token.ThrowIfCancellationRequested();
        await Task.Yield();
        try
        {
            await ResumeAsync(account);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotResumed(_log, account, e.Message);

            // What can't be read stays so until somebody restores it.
            return e is not (IOException or DbException) or StorageUnreadableException;
        }
    }

    private async Task ResumeAsync(AccountId account)
    {
        if (_region.Storage.Find(account) is not { } store)
        {
            return;
        }

        if (store.Row is { Move: { } move } row)
        {
            Resume(store, row.State, move);
        }

        if (store.Row is { HasData: true, State: AccountState.None or AccountState.Departed })
        {
            await _target.ResumeAsync(store, _stop.Token);
        }

        await store.SweepAsync(_stop.Token);
        _reencryptor.Begin(account);
        await store.LookedAtAsync(_stop.Token);
    }

    // Without control's signed order, in a record of a former release, nobody would listen: control asks by itself.
    private void Resume(AccountStore store, AccountState state, Guid move)
    {
        var role = state == AccountState.Arriving ? MoveRole.Target : MoveRole.Source;
        if (store.Read(sql => RegionMoveRecord.Find(sql, store.Account, move, role))?.ReadOrder() is not { } order)
        {
            return;
        }

        switch (state)
        {
            case AccountState.Arriving:
                _pulls.Begin(order);
                break;
            case AccountState.Sealed or AccountState.Departing:
                _watch.Watch(order);
                break;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "What a former process left of account {Account} could not be taken up ({Cause}).")]
    private static partial void LogNotResumed(ILogger log, AccountId account, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Account {Account} is not erased: {Reason}")]
    private static partial void LogNotErased(ILogger log, AccountId account, string reason);
}
