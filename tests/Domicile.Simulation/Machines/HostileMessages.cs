using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Simulation.Clients;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Seeding;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>
/// What a region can send to another, whatever is in it: as <see cref="Link"/>, without an engine behind it that would say only
/// what is so. The receiver's engine takes it with the caller that the network has authenticated.
/// </summary>
internal sealed class HostileMessages(Deployment deployment, RegionMachine self, Life life)
{
    /// <returns>Whether the source gave the account's key away.</returns>
    public async Task<bool> PullAsync(RegionMachine source, MoveOrder order)
    {
        using var box = new SecretBox();
        var stream = await SendAsync(source, "pull (hostile)", _ => Task.FromResult(Stream(source, order, box.PublicKey)));
        await using (stream)
        {
            return await ChangeStream.ReadAsync(
                (bytes, token) => stream.ReadExactlyAsync(bytes, token), default) is StreamFrame.Key;
        }
    }

    public Task<StepAnswer> PrepareAsync(RegionMachine source, MoveOrder order)
        => SendAsync(source, "prepare (hostile)", token => source.Up.PrepareAsync(order, token));

    /// <summary>The link's endpoint looks who calls before the region does.</summary>
    public Task<StepAnswer> RefuseAsync(RegionMachine target, MoveOrder order, string reason)
        => SendAsync(target, "refuse (hostile)", token =>
            order.Source == self.Region || deployment.Seeds.IsMissing(SeededBug.RefuseNotSigned)
                ? target.Up.RefuseAsync(order, reason, token)
                : throw new RegionRefusedException(target.Region, $"{self.Region} is not the source of this move"));

    public Task<HandOverAnswer> HandOverAsync(RegionMachine home, HandOver handOver)
        => SendAsync(home, "hand-over (hostile)", async token =>
        {
            using var body = new MemoryStream();
            var answer = await home.Up.HandOvers.TakeAsync(self.Region, handOver, body, token);
            deployment.Ghost.HandedOver(home, handOver, answer);
            return answer;
        });

    public HandOver Write(AccountId account, RegionMoveRecord departure, string attempt, SignedCall call)
        => new(
            account, departure.Move, attempt, departure.Epoch + 1, life.Time.GetUtcNow(), JsonSerializer.SerializeToUtf8Bytes(call));

    public Task SayHomeAsync(RegionMachine to, AccountId account, RegionName home, long epoch)
        => SendAsync(to, $"the account is at {home}, epoch {epoch} (hostile)", async token =>
        {
            if (deployment.Seeds.IsMissing(SeededBug.HintOverControl) && to.Up.Region.Directory.Find(account) is { } known)
            {
                to.Up.Region.Directory.Take(new DirectoryUpdate([known with { Home = home, Epoch = epoch }], 0, null));
            }

            await to.Up.Gateway.LearnAsync(account, self.Region, home, epoch, token);
            return true;
        });

    private Task<T> SendAsync<T>(RegionMachine to, string what, Func<CancellationToken, Task<T>> act)
        => deployment.Network.CallAsync(life, self, to, what, act, default, mayRepeat: false);

    private Stream Stream(RegionMachine source, MoveOrder order, byte[] boxKey)
    {
        var node = source.Up;
        var caller = deployment.Seeds.IsMissing(SeededBug.PullByAnyRegion) ? deployment.Region(order.Target) : self;
        return deployment.Network.Stream(
            source, source.Life!, self, life, "changes (hostile)",
            (output, token) => deployment.Seeds.StreamAsync(source, caller, node, order, 0, boxKey, output, token)).AsStream();
    }
}
