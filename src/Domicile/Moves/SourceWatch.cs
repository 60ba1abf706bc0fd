using System.Collections.Concurrent;
using System.Data.Common;
using Domicile.Accounts;
using Microsoft.Extensions.Logging;

namespace Domicile.Moves;

/// <summary>
/// Frees a source whose control has vanished in mid-cut-over: once it has waited too long, it asks the target, whose record
/// is the arbiter, and goes forward or back.
/// </summary>
internal sealed partial class SourceWatch(RegionContext region, SourceRole source, ILogger<SourceWatch> log)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // By move and not by account: an old message of a former move must not hide the one that needs watching.
    private readonly ConcurrentDictionary<Guid, Watched> _watched = new();

    /// <summary>Moves that are watched.</summary>
    public int Count => _watched.Count;

    /// <summary>The account has been sealed for this move just now; called again, it begins the wait anew.</summary>
    public void Watch(MoveOrder order) => _watched[order.Move] = new Watched(order, new Deadline(region.Time, MoveLimits.SourcePatience));

    public void Forget(MoveOrder order) => _watched.TryRemove(order.Move, out _);

    /// <summary>Runs until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(LookEvery, region.Time, cancellationToken);
            foreach (var watched in _watched.Values)
            {
                if (watched.Patience.IsOver)
                {
                    await AskAsync(watched.Order, cancellationToken);
                }
            }
        }
    }

    /// <summary>Asks the target now. Public to the simulator, which has its own sense of patience.</summary>
    public async Task AskAsync(MoveOrder order, CancellationToken cancellationToken)
    {
        try
        {
            if (region.Storage.Find(order.Account)?.Row is not { State: AccountState.Sealed or AccountState.Departing } row
                || row.Move != order.Move)
            {
                Forget(order);
                return;
            }

            var answer = await region.Links.To(order.Target).RefuseAsync(
                order, "Control was silent for too long in mid-cut-over.", cancellationToken);
            LogAsked(log, order.Move, answer.GetType().Name);
            await FollowAsync(order, answer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or DbException or RegionRefusedException)
        {
            // Source and target can't see each other in the one instant in which that blocks the account, or what the target
            // says can't be recorded here: ask again. Whatever it was, the other accounts are watched on.
            LogTrouble(log, order.Move, e.Message);
        }
    }

    private async Task FollowAsync(MoveOrder order, StepAnswer answer, CancellationToken cancellationToken)
    {
        switch (answer)
        {
            case StepAnswer.Activated:
                await source.SettleAsync(order, cancellationToken);
                Forget(order);
                break;
            case StepAnswer.Refused:
                await source.UnsealAsync(order, cancellationToken);
                Forget(order);
                break;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Move {Move}: control is silent, the target says {Answer}.")]
    private static partial void LogAsked(ILogger log, Guid move, string answer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Move {Move}: what became of it can't be found out or recorded yet ({Cause}).")]
    private static partial void LogTrouble(ILogger log, Guid move, string cause);

    private sealed record Watched(MoveOrder Order, Deadline Patience);
}
