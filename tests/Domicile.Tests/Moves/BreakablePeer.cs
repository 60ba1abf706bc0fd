using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Tests.Moves;

/// <summary>A region whose link fails when <paramref name="ask"/> throws; the call is then never made.</summary>
/// <param name="lie">What it says to a call instead of making it; null: the truth.</param>
internal sealed class BreakablePeer(IRegionPeer region, Action<string> ask, Func<string, StepAnswer?> lie) : IRegionPeer
{
    public Task<RegionStatus> StatusAsync(CancellationToken cancellationToken)
        => Ask("status", () => region.StatusAsync(cancellationToken));

    public Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken)
        => region.CreateAccountAsync(profile, first, cancellationToken);

    public Task<CommandResult> ExecuteAsync(AccountId account, CredentialCommand command, CancellationToken cancellationToken)
        => Ask("execute", () => region.ExecuteAsync(account, command, cancellationToken));

    public Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken)
        => Ask("rotateKey", () => region.RotateKeyAsync(account, rotation, cancellationToken));

    public Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("describeKeys", () => region.DescribeKeysAsync(account, cancellationToken));

    public Task<byte[]> StateReencryptionAsync(
        AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken)
        => Ask("stateReencryption", () => region.StateReencryptionAsync(account, move, salt, cancellationToken));

    public Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("listKeys", () => region.ListKeysAsync(account, cancellationToken));

    public Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("findAccount", () => region.FindAccountAsync(account, cancellationToken));

    public Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("measureUsage", () => region.MeasureUsageAsync(account, cancellationToken));

    public Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken)
        => Ask("verifyDeep", () => region.VerifyDeepAsync(account, cancellationToken));

    public Task<byte[]> EraseAccountAsync(AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
        => Ask("eraseAccount", () => region.EraseAccountAsync(account, epoch, salt, cancellationToken));

    public Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken)
        => region.UpdateAsync(update, cancellationToken);

    public Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken)
        => Ask("examine", () => region.ExamineAsync(cancellationToken));

    public Task<LinkMeasure?> MeasureLinkAsync(RegionName source, CancellationToken cancellationToken)
        => Ask("measureLink", () => region.MeasureLinkAsync(source, cancellationToken));

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
        => region.DiscardAsync(order, cancellationToken);

    public Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("unseal", () => region.UnsealAsync(order, cancellationToken));

    public Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
        => Ask("settle", () => region.SettleAsync(order, cancellationToken));

    public Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
        => Ask("erase", () => region.EraseAsync(order, arrival, cancellationToken));

    public Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
        => Ask("endHandOvers", async () =>
        {
            await region.EndHandOversAsync(order, erasure, cancellationToken);
            return true;
        });

    private async Task<T> Ask<T>(string call, Func<Task<T>> act)
    {
        ask(call);
        var answer = lie(call) is T said ? said : await act();
        ask($"{call} answered");
        return answer;
    }
}
