using Domicile.Accounts;
using Domicile.Moves;
using Microsoft.Extensions.Logging;

namespace Domicile.Control;

/// <summary>
/// Keeps every region's replica of directory and policy up to date: one loop for each region, which begins where the
/// region says it is, sends what came since, and then waits for the next change. A region that doesn't answer is tried
/// again with a growing, bounded delay; regions also ask by themselves.
/// </summary>
internal sealed partial class DirectoryPush(ControlParts parts, ILogger<DirectoryPush> log)
{
    /// <summary>Until it is cancelled; regions may come and go meanwhile.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loops = new Dictionary<RegionName, (CancellationTokenSource Stop, Task Task)>();
        try
        {
            while (true)
            {
                var seen = parts.Directory.Changes.Count;
                var names = parts.Config.Facts.Select(facts => facts.Name).ToHashSet();
                foreach (var gone in loops.Keys.Except(names).ToList())
                {
                    await EndAsync(loops[gone]);
                    loops.Remove(gone);
                }

                foreach (var region in names.Except(loops.Keys).ToList())
                {
                    var stop = CancellationTokenSource.CreateLinkedTokenSource(all.Token);
                    loops[region] = (stop, Loops.KeepRunningAsync(
                        $"pushing the directory to {region}", stopped => RunAsync(region, stopped), parts.Time, log, stop.Token));
                }

                await parts.Directory.Changes.ChangedSinceAsync(seen, all.Token);
            }
        }
        finally
        {
            foreach (var loop in loops.Values)
            {
                await EndAsync(loop);
            }
        }
    }

    private static async Task EndAsync((CancellationTokenSource Stop, Task Task) loop)
    {
        await loop.Stop.CancelAsync();
        await loop.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        loop.Stop.Dispose();
    }

    /// <summary>Brings one region up to date.</summary>
    /// <returns>Why not, or null.</returns>
    public async Task<Refusal?> PushAsync(RegionName region, CancellationToken cancellationToken)
    {
        var asked = await parts.Regions.AskAsync(region, (peer, limited) => peer.StatusAsync(limited), cancellationToken);
        if (!asked.Is(out var status, out var refusal))
        {
            return refusal;
        }

        var (version, revision, tag) = (status.DirectoryVersion, status.PolicyRevision, status.MembersTag);
        while (true)
        {
            var update = WithMembers(UpdateSince(version, revision), tag);
            if (update.Entries.Count == 0 && update.PolicyText is null && update.Members is null)
            {
                return null;
            }

            var told = await parts.Regions.TellAsync(region, (peer, limited) => peer.UpdateAsync(update, limited), cancellationToken);
            if (!told.Is(out _, out refusal))
            {
                return refusal;
            }

            (revision, tag) = (update.PolicyRevision, update.MembersTag);
            version = update.Entries.Count == 0 ? version : update.Entries[^1].Version;
        }
    }

    /// <summary>What a replica lacks, at most one message's worth.</summary>
    /// <param name="revision">Of the policy that the replica has; 0 for none.</param>
    public DirectoryUpdate UpdateSince(long version, long revision)
    {
        var policy = parts.Policies.Current.Policy;
        return new DirectoryUpdate(
            parts.Directory.Since(version), policy.Revision, policy.Revision > revision ? policy.Text : null,
            [.. parts.Config.Facts.Select(facts => facts.Name)]);
    }

    /// <param name="known">What the replica calls the regions that it knows; null for none.</param>
    private DirectoryUpdate WithMembers(DirectoryUpdate update, string? known)
    {
        var deployment = parts.Deployment.Current;
        return update with { Members = known == deployment.Tag ? null : deployment.Members, MembersTag = deployment.Tag };
    }

    private async Task RunAsync(RegionName region, CancellationToken cancellationToken)
    {
        var delay = ControlLimits.RetryDelayFirst;
        while (true)
        {
            var seen = parts.Directory.Changes.Count;
            if (await PushAsync(region, cancellationToken) is { } refusal)
            {
                LogBehind(log, region, refusal.Error, delay);
                await Task.Delay(delay, parts.Time, cancellationToken);
                delay = delay * 2 < ControlLimits.RetryDelayMax ? delay * 2 : ControlLimits.RetryDelayMax;
            }
            else
            {
                delay = ControlLimits.RetryDelayFirst;
                var pushed = parts.Time.GetTimestamp();
                await ChangedSinceAsync(seen, cancellationToken);

                // The first change goes at once; those that follow it closely go together.
                var rest = ControlLimits.PushEvery - parts.Time.GetElapsedTime(pushed);
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, parts.Time, cancellationToken);
                }
            }
        }
    }

    // Or a while has passed: a region may have lost what it was told.
    private async Task ChangedSinceAsync(long seen, CancellationToken cancellationToken)
    {
        using var rest = new CancellationTokenSource(ControlLimits.PushLookEvery, parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(rest.Token, cancellationToken);
        await parts.Directory.Changes.ChangedSinceAsync(seen, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Region {Region} is not up to date with the directory: {Cause}. Next try in {Delay}.")]
    private static partial void LogBehind(ILogger log, RegionName region, string cause, TimeSpan delay);
}
