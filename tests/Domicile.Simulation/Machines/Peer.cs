using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Engine;

namespace Domicile.Simulation.Machines;

/// <summary>A region as control reaches it: each call is a message and an answer.</summary>
internal sealed class Peer(Deployment deployment, ControlMachine control, Life life, RegionMachine region) : IRegionPeer
{
    public Task<RegionStatus> StatusAsync(CancellationToken cancellationToken)
        => AskAsync("status", (node, token) => node.StatusAsync(token), cancellationToken);

    public Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken)
        => AskAsync("create account", async (node, token) =>
        {
            await node.CreateAccountAsync(profile, first, token);
            return true;
        }, cancellationToken);

    public Task<CommandResult> ExecuteAsync(AccountId account, CredentialCommand command, CancellationToken cancellationToken)
        => AskAsync("execute", (node, token) => node.ExecuteAsync(account, command, token), cancellationToken, mayRepeat: false);

    public Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken)
        => AskAsync("rotate key", (node, token) => node.RotateKeyAsync(account, rotation, token), cancellationToken);

    public Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken)
        => AskAsync("describe keys", (node, token) => node.DescribeKeysAsync(account, token), cancellationToken);

    public Task<byte[]> StateReencryptionAsync(
        AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken)
        => AskAsync(
            "state reencryption", (node, token) => node.StateReencryptionAsync(account, move, salt, token), cancellationToken);

    public Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken)
        => AskAsync("list keys", (node, token) => node.ListKeysAsync(account, token), cancellationToken);

    public Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => AskAsync("find account", (node, token) => node.FindAccountAsync(account, token), cancellationToken);

    public Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken)
        => AskAsync("measure usage", (node, token) => node.MeasureUsageAsync(account, token), cancellationToken);

    public Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken)
        => AskAsync("verify deep", (node, token) => node.VerifyDeepAsync(account, token), cancellationToken);

    public Task<byte[]> EraseAccountAsync(AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
        => AskAsync("erase account", (node, token) => node.EraseAccountAsync(account, epoch, salt, token), cancellationToken);

    public Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken)
        => AskAsync("update", async (node, token) =>
        {
            await node.UpdateAsync(update, token);
            return true;
        }, cancellationToken);

    public Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken)
        => AskAsync("examine", (node, token) => node.ExamineAsync(token), cancellationToken);

    public Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("prepare", order, (node, token) => node.PrepareAsync(order, token), cancellationToken);

    public Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("arrive", order, (node, token) => node.ArriveAsync(order, token), cancellationToken);

    public Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("seal", order, (node, token) => node.SealAsync(order, token), cancellationToken);

    public Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
        => StepAsync("drain", order, (node, token) => node.DrainAsync(order, finalSeq, token), cancellationToken);

    public Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("depart", order, (node, token) => node.DepartAsync(order, token), cancellationToken);

    public Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
        => StepAsync(
            "activate", order, (node, token) => node.ActivateAsync(order, finalSeq, digest, departure, token), cancellationToken);

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => StepAsync("refuse", order, (node, token) => node.RefuseAsync(order, reason, token), cancellationToken);

    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
        => AskAsync("discard", async (node, token) =>
        {
            await node.DiscardAsync(order, token);
            return true;
        }, cancellationToken);

    public Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("unseal", order, (node, token) => node.UnsealAsync(order, token), cancellationToken);

    public Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("settle", order, (node, token) => node.SettleAsync(order, token), cancellationToken);

    public Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
        => StepAsync("erase", order, (node, token) => node.EraseAsync(order, arrival, token), cancellationToken);

    public Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
        => AskAsync($"end of hand-overs of {deployment.NameOf(order.Move)}", async (node, token) =>
        {
            await node.EndHandOversAsync(order, erasure, token);
            return true;
        }, cancellationToken);

    private async Task<StepAnswer> StepAsync(
        string step, MoveOrder order, Func<IRegionPeer, CancellationToken, Task<StepAnswer>> act, CancellationToken cancellationToken)
    {
        var answer = await AskAsync($"{step} {deployment.NameOf(order.Move)}", act, cancellationToken);
        deployment.World.Trace.Say(
            $"   {control.Name} hears from {region.Name}: {step} {deployment.NameOf(order.Move)} {Shown(answer)}");
        return answer;
    }

    private static string Shown(StepAnswer answer)
        => answer switch
        {
            StepAnswer.NotNow(var reason) => $"not now: {reason}",
            StepAnswer.Refused(var reason) => $"refused: {reason}",
            StepAnswer.Sealed(var seq, _) => $"sealed at {seq}",
            StepAnswer.Drained(var seq, _) => $"drained to {seq}",
            StepAnswer.Arriving arriving => $"arriving {arriving.Cursor} of {arriving.SourceSeq} {arriving.Trouble}",
            _ => answer.GetType().Name,
        };

    // The node is looked up where the message arrives: it may be another process than when it was sent.
    private Task<T> AskAsync<T>(
        string what, Func<IRegionPeer, CancellationToken, Task<T>> act, CancellationToken cancellationToken, bool mayRepeat = true)
        => deployment.Network.CallAsync(
            life, control, region, what, token => act(deployment.Seeds.Wrap(region, region.Up), token), cancellationToken,
            mayRepeat);
}
