using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Tests.Control;

/// <summary>What goes wrong between control and regions. Shared by all links of a test.</summary>
internal sealed class Faults
{
    private readonly Lock _gate = new();
    private readonly HashSet<RegionName> _silent = [];
    private readonly List<(string Call, bool IsAnswer)> _once = [];
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);

    /// <summary>Loses this share of questions and of answers, as its seed says; null for none.</summary>
    public Random? Seed { get; set; }

    public double LossShare { get; set; }

    /// <summary>What a target says, in place of its word on encrypting again.</summary>
    public Func<byte[], byte[]> ChangeWord { get; set; } = word => word;

    /// <summary>Hears of each call, before it goes and before its answer comes back.</summary>
    public Action<RegionName, string, bool> Reached { get; set; } = (_, _, _) => { };

    /// <summary>What a region says of itself, and of many accounts, in place of its word.</summary>
    public Func<RegionStatus, RegionStatus> ChangeStatus { get; set; } = status => status;

    /// <inheritdoc cref="ChangeStatus"/>
    public Func<IReadOnlyList<MeasuredAccount>, IReadOnlyList<MeasuredAccount>> ChangeMeasures { get; set; } = said => said;

    /// <summary>How often each call was asked.</summary>
    public int CountOf(string call) => _asked.GetValueOrDefault(call);

    public void Silence(RegionName region) => Locked(() => _silent.Add(region));

    public void Wake(RegionName region) => Locked(() => _silent.Remove(region));

    /// <summary>The next such call never arrives.</summary>
    public void LoseQuestion(string call) => Locked(() => _once.Add((call, false)));

    /// <summary>The next such call acts, and its answer is lost.</summary>
    public void LoseAnswer(string call) => Locked(() => _once.Add((call, true)));

    public void Meet(RegionName region, string call, bool isAnswer)
    {
        Reached(region, call, isAnswer);
        var isLost = false;
        _ = isAnswer ? 0 : _asked.AddOrUpdate(call, 1, (_, count) => count + 1);
        Locked(() => isLost = _silent.Contains(region) || _once.Remove((call, isAnswer))
            || (Seed is not null && Seed.NextDouble() < LossShare));
        if (isLost)
        {
            throw new RegionUnreachableException(region, isAnswer ? "the answer was lost" : "the question was lost");
        }
    }

    private void Locked(Action action)
    {
        lock (_gate)
        {
            action();
        }
    }
}

/// <summary>A region behind a link that loses questions and answers.</summary>
internal sealed class LossyRegion(IRegionPeer region, RegionName name, Faults faults) : IRegionPeer
{
    public Task<RegionStatus> StatusAsync(CancellationToken cancellationToken)
        => Ask("status", async () => faults.ChangeStatus(await region.StatusAsync(cancellationToken)));

    public Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken)
        => Tell("create", () => region.CreateAccountAsync(profile, first, cancellationToken));

    public Task<IReadOnlyList<string?>> CreateAccountsAsync(
        IReadOnlyList<FirstHome> accounts, CancellationToken cancellationToken)
        => Ask("create", () => region.CreateAccountsAsync(accounts, cancellationToken));

    public Task<CommandResult> ExecuteAsync(AccountId account, CredentialCommand command, CancellationToken cancellationToken)
        => Ask("execute", () => region.ExecuteAsync(account, command, cancellationToken));

    public Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken)
        => Ask("rotate", () => region.RotateKeyAsync(account, rotation, cancellationToken));

    public Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("describe", () => region.DescribeKeysAsync(account, cancellationToken));

    public Task<byte[]> StateReencryptionAsync(
        AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken)
        => Ask("state", async () => faults.ChangeWord(
            await region.StateReencryptionAsync(account, move, salt, cancellationToken)));

    public Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("keys", () => region.ListKeysAsync(account, cancellationToken));

    public Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("find", () => region.FindAccountAsync(account, cancellationToken));

    public Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("measure", () => region.MeasureUsageAsync(account, cancellationToken));

    public Task<IReadOnlyList<AccountStatus?>> FindAccountsAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => Ask("findMany", () => region.FindAccountsAsync(accounts, cancellationToken));

    public Task<IReadOnlyList<MeasuredAccount>> MeasureUsagesAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => Ask("measureMany", async () => faults.ChangeMeasures(await region.MeasureUsagesAsync(accounts, cancellationToken)));

    public Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("verify", () => region.VerifyDeepAsync(account, cancellationToken));

    public Task<byte[]> EraseAccountAsync(AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
        => Ask("eraseAccount", () => region.EraseAccountAsync(account, epoch, salt, cancellationToken));

    public Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken)
        => Tell("update", () => region.UpdateAsync(update, cancellationToken));

    public Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken)
        => Ask("examine", () => region.ExamineAsync(cancellationToken));

    public Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("prepare", () => region.PrepareAsync(order, cancellationToken));

    public Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("arrive", () => region.ArriveAsync(order, cancellationToken));

    public Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("seal", () => region.SealAsync(order, cancellationToken));

    public Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
        => Ask("drain", () => region.DrainAsync(order, finalSeq, cancellationToken));

    public Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("depart", () => region.DepartAsync(order, cancellationToken));

    public Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
        => Ask("activate", () => region.ActivateAsync(order, finalSeq, digest, departure, cancellationToken));

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => Ask("refuse", () => region.RefuseAsync(order, reason, cancellationToken));

    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
        => Tell("discard", () => region.DiscardAsync(order, cancellationToken));

    public Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("unseal", () => region.UnsealAsync(order, cancellationToken));

    public Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("settle", () => region.SettleAsync(order, cancellationToken));

    public Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
        => Ask("erase", () => region.EraseAsync(order, arrival, cancellationToken));

    public Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
        => Tell("endHandOvers", () => region.EndHandOversAsync(order, erasure, cancellationToken));

    private async Task<T> Ask<T>(string call, Func<Task<T>> act)
    {
        faults.Meet(name, call, isAnswer: false);
        var answer = await act();
        faults.Meet(name, call, isAnswer: true);
        return answer;
    }

    private Task<bool> Tell(string call, Func<Task> act)
        => Ask(call, async () =>
        {
            await act();
            return true;
        });
}
