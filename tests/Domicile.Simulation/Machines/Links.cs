using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Simulation.Engine;

namespace Domicile.Simulation.Machines;

/// <summary>The other regions as one region's process reaches them.</summary>
internal sealed class Links(Deployment deployment, RegionMachine self) : IRegionLinks
{
    public IRegionLink To(RegionName region) => new Link(deployment, self, deployment.Region(region));

    public async Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
    {
        var control = deployment.Controls[0];
        try
        {
            return await deployment.Network.CallAsync(
                self.Life!, self, control, "where is the account?",
                _ => Task.FromResult(deployment.Register.EntryOf(account)), cancellationToken);
        }
        catch (RegionUnreachableException)
        {
            return null;
        }
    }
}

internal sealed class Link(Deployment deployment, RegionMachine self, RegionMachine other) : IRegionLink
{
    private readonly Life _life = self.Life!;

    public Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken)
        => deployment.Network.CallAsync(
            _life, self, other, $"pull after {after}", _ => Task.FromResult(Stream(order, after, boxKey)), cancellationToken);

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => deployment.Network.CallAsync(
            _life, self, other, $"refuse {deployment.NameOf(order.Move)} (source)",
            token => other.Up.RefuseAsync(order, reason, token), cancellationToken);

    public async Task<HandOverAnswer> HandOverAsync(
        HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
    {
        self.HandsOver(other.Region, handOver);
        using var body = new MemoryStream();
        await writeBody(body, cancellationToken);
        var bytes = body.ToArray();
        return await deployment.Network.CallAsync(
            _life, self, other, $"hand-over of {bytes.Length} bytes", token => TakeAsync(handOver, bytes, token), cancellationToken);
    }

    private Stream Stream(MoveOrder order, long after, byte[] boxKey)
    {
        var node = other.Up;
        return deployment.Network.Stream(
            other, other.Life!, self, _life, "changes",
            (output, token) => deployment.Seeds.StreamAsync(other, self, node, order, after, boxKey, output, token)).AsStream();
    }

    private async Task<HandOverAnswer> TakeAsync(HandOver handOver, byte[] bytes, CancellationToken cancellationToken)
    {
        var node = other.Up;
        await using var body = bytes.Length == 0
            ? System.IO.Stream.Null
            : deployment.Network.Stream(
                self, _life, other, other.Life!, "body",
                async (output, token) => await output.WriteAsync(bytes, token)).AsStream();
        var answer = await node.HandOvers.TakeAsync(self.Region, handOver, body, cancellationToken);
        deployment.Ghost.HandedOver(other, handOver, answer);
        return answer;
    }
}
