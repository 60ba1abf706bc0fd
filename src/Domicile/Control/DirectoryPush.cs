using System.Collections.Concurrent;
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
    // Regions that have heard this process, and so know which regions its config has.
    private readonly ConcurrentDictionary<RegionName, bool> _told = new();

    public Task RunAsync(CancellationToken cancellationToken)
        => Task.WhenAll(parts.Regions.Names.Select(region => RunAsync(region, cancellationToken)));

    /// <summary>Brings one region up to date.</summary>
    /// <returns>Why not, or null.</returns>
    public async Task<Refusal?> PushAsync(RegionName region, CancellationToken cancellationToken)
    {
        var asked = await parts.Regions.AskAsync(region, (peer, limited) => peer.StatusAsync(limited), cancellationToken);
        if (!asked.Is(out var status, out var refusal))
        {
            return refusal;
        }

        var (version, revision) = (status.DirectoryVersion, status.PolicyRevision);
        while (true)
        {
            var update = UpdateSince(version, revision);
            if (update.Entries.Count == 0 && update.PolicyText is null && _told.ContainsKey(region))
            {
                return null;
            }

            var told = await parts.Regions.TellAsync(region, (peer, limited) => peer.UpdateAsync(update, limited), cancellationToken);
            if (!told.Is(out _, out refusal))
            {
                return refusal;
            }

            _told[region] = true;
            revision = update.PolicyRevision;
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
                await parts.Directory.Changes.ChangedSinceAsync(seen, cancellationToken);

                // The first change goes at once; those that follow it closely go together.
                var rest = ControlLimits.PushEvery - parts.Time.GetElapsedTime(pushed);
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, parts.Time, cancellationToken);
                }
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Region {Region} is not up to date with the directory: {Cause}. Next try in {Delay}.")]
    private static partial void LogBehind(ILogger log, RegionName region, string cause, TimeSpan delay);
}
