using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Simulation.Seeding;

/// <summary>A region like the one inside, until someone overrides a step.</summary>
internal abstract class PeerDecorator(IRegionPeer inner) : IRegionPeer
{
    public Task<RegionStatus> StatusAsync(CancellationToken cancellationToken) => inner.StatusAsync(cancellationToken);

    public Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken)
        => inner.CreateAccountAsync(profile, first, cancellationToken);

    public Task<CommandResult> ExecuteAsync(AccountId account, CredentialCommand command, CancellationToken cancellationToken)
        => inner.ExecuteAsync(account, command, cancellationToken);

    public Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken)
        => inner.RotateKeyAsync(account, rotation, cancellationToken);

    public Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken)
        => inner.DescribeKeysAsync(account, cancellationToken);

    public Task<byte[]> StateReencryptionAsync(
        AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken)
        => inner.StateReencryptionAsync(account, move, salt, cancellationToken);

    public Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken)
        => inner.ListKeysAsync(account, cancellationToken);

    public Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => inner.FindAccountAsync(account, cancellationToken);

    public Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken)
        => inner.MeasureUsageAsync(account, cancellationToken);

    public Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken)
        => inner.VerifyDeepAsync(account, cancellationToken);

    public Task<byte[]> EraseAccountAsync(AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
        => inner.EraseAccountAsync(account, epoch, salt, cancellationToken);

    public Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken)
        => inner.UpdateAsync(update, cancellationToken);

    public Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken)
        => inner.ExamineAsync(cancellationToken);

    public Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.PrepareAsync(order, cancellationToken);

    public Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.ArriveAsync(order, cancellationToken);

    public virtual Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.SealAsync(order, cancellationToken);

    public virtual Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
        => inner.DrainAsync(order, finalSeq, cancellationToken);

    public virtual Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.DepartAsync(order, cancellationToken);

    public virtual Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
        => inner.ActivateAsync(order, finalSeq, digest, departure, cancellationToken);

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => inner.RefuseAsync(order, reason, cancellationToken);

    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.DiscardAsync(order, cancellationToken);

    public virtual Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.UnsealAsync(order, cancellationToken);

    public Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
        => inner.SettleAsync(order, cancellationToken);

    public Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
        => inner.EraseAsync(order, arrival, cancellationToken);

    public Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
        => inner.EndHandOversAsync(order, erasure, cancellationToken);
}
