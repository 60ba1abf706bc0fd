using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Policies;

namespace Domicile.Control;

/// <summary>What the runner of moves asks of control.</summary>
internal sealed class MoveControl(
    RegionQuestions regions, AccountDirectory directory, PolicyBook policies, Receipts receipts, RegionKeys keys,
    DeploymentBook deployment, DrainBook draining)
    : IMoveControl
{
    public IRegionPeer Region(RegionName name) => regions.Peer(name);

    /// <summary>Asks the policy with the categories that the account's home last said.</summary>
    public MovePermission Permit(Move move)
    {
        var policy = policies.Current.Policy;
        var account = directory.Find(move.Account);
        if (account is not { State: ControlAccountState.Active })
        {
            return new MovePermission(false, $"account {move.Account} is being erased or unknown", policy.Revision);
        }

        if (deployment.Config.Find(move.Target) is not { } target)
        {
            return new MovePermission(false, $"region {move.Target} is not of this deployment any more", policy.Revision);
        }

        if (draining.Contains(move.Target))
        {
            return new MovePermission(false, $"region {move.Target} is being drained", policy.Revision);
        }

        var permission = policy.Permits(account.Profile, account.Categories, target.Facts);
        return new MovePermission(permission is Permission.Granted, permission.Reason, policy.Revision);
    }

    public Task SetHomeAsync(AccountId account, RegionName home, long epoch, CancellationToken cancellationToken)
        => directory.ChangeAsync(sql => AccountTable.SetHome(sql, account, home, epoch), cancellationToken);

    public async Task<string?> FindTroubleAsync(RegionName region, RegionStatus status, CancellationToken cancellationToken)
        => !(await keys.CheckAsync(region, status, cancellationToken)).Is(out _, out var refusal)
            ? refusal.Next is { Length: > 0 } next ? $"{refusal.Error}: {next}" : refusal.Error
            : deployment.Config.Find(region) is not { } known ? $"Region {region} is not in control's configuration any more."
            : status.Claim is { } claim ? RegionContext.TroubleOf(claim, RegionContext.ClaimOf(known.Facts)) : null;

    public Task<string?> FindTroubleAsync(Move move, byte[] departure, CancellationToken cancellationToken)
        => receipts.FindTroubleAsync(move, departure, cancellationToken);

    public async Task<ReceiptOutcome> AppendReceiptAsync(Move move, CancellationToken cancellationToken)
    {
        try
        {
            return ReceiptOutcome.At(await receipts.AppendAsync(move, cancellationToken));
        }
        catch (InvalidDataException unproven)
        {
            return ReceiptOutcome.None(unproven.Message);
        }
    }
}
