using System.Globalization;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Control;

/// <summary>
/// Takes the regions that domicile.yaml declares now, while everything runs: new ones, ones that are reached elsewhere, and
/// without those that are gone. All of it or nothing.
/// </summary>
internal sealed class ReloadDesk(ControlParts parts)
{
    private readonly Turns _one = new() { AtOnce = 1 };

    public async Task<Outcome<ReloadView>> ReloadAsync(CancellationToken cancellationToken)
    {
        using var alone = await _one.TakeAsync(cancellationToken);
        var before = parts.Deployment.Current;
        if (!Read(before.Config).Is(out var next, out var refusal))
        {
            return refusal;
        }

        RegionName[] added = [.. NamesOf(next).Except(NamesOf(before.Config))];
        RegionName[] removed = [.. NamesOf(before.Config).Except(NamesOf(next))];
        if (removed.Select(FindWhatHoldsIt).OfType<Refusal>().FirstOrDefault() is { } held)
        {
            return held;
        }

        parts.Deployment.Put(next, parts.Files.Prepare(before.Config, before.Endpoints, next));
        parts.Directory.Changes.Raise();
        foreach (var region in removed)
        {
            // It is in force: whoever asked may be gone.
            await parts.Draining.RemoveAsync(region, CancellationToken.None);
            await parts.Keys.ForgetAsync(region, CancellationToken.None);
        }

        var changed = Differing(before.Config, next).Except(added).Except(removed);
        return new ReloadView(Values(added), Values(removed), Values(changed), Values(NamesOf(next)));
    }

    /// <summary>What the file says otherwise than what is in force, in one line; null where it says the same.</summary>
    public static string? FindDifference(DeploymentFiles files, DeploymentInForce current)
        => files.ReadConfig() switch
        {
            ConfigResult.Invalid invalid =>
                $"domicile.yaml can't be read any more, and control would not start again with it: {invalid.Errors[0]}",
            ConfigResult.Ok ok when Differing(current.Config, ok.Config).ToList() is { Count: > 0 } names =>
                $"domicile.yaml says something else of {string.Join(", ", names)} than what is in force",
            _ => null,
        };

    /// <summary>Regions that one of the two has alone, or of which they say something else.</summary>
    private static IEnumerable<RegionName> Differing(DeploymentConfig one, DeploymentConfig other)
        => one.Regions.Concat(other.Regions).GroupBy(Shape).Where(same => same.Count() == 1)
            .Select(same => same.First().Facts.Name).Distinct();

    private static string Shape(RegionConfig region)
        => Moves.RegionMember.Of(region, region.Peer ?? region.Listen).ToJson() + region.Listen + region.Management;

    private static RegionName[] NamesOf(DeploymentConfig config) => [.. config.Facts.Select(facts => facts.Name)];

    private static string[] Values(IEnumerable<RegionName> names) => [.. names.Select(name => name.Value)];

    private Outcome<DeploymentConfig> Read(DeploymentConfig before)
        => parts.Files.ReadConfig() switch
        {
            ConfigResult.Invalid { Errors: var errors } => Refusal.Malformed(
                string.Create(CultureInfo.InvariantCulture, $"the configuration can't be read: {errors[0]}{More(errors.Count)}"),
                "correct the file, then reload; what was in force stays in force"),
            ConfigResult.Ok { Config: var next } when FindFixed(before, next) is { } what => Refusal.Conflict(
                $"{parts.Files.ConfigPath} has another {what} than control was started with",
                "that takes a restart of control; regions alone are taken while it runs"),
            ConfigResult.Ok ok => ok.Config,
            _ => throw new InvariantViolatedException(nameof(ConfigResult)),
        };

    private static string More(int errors)
        => errors == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (and {errors - 1} more)");

    // What this process has opened by it.
    private static string? FindFixed(DeploymentConfig before, DeploymentConfig next)
        => next.Name != before.Name ? "deployment name"
            : next.Tls != before.Tls ? "'tls'"
            : next.Control with { Tokens = before.Control.Tokens } != before.Control ? "'control' part"
            : !next.Control.Tokens.Keys.SequenceEqual(before.Control.Tokens.Keys) ? "list of tokens"
            : null;

    /// <summary>Why a region can't be taken away; null where nothing is left in it.</summary>
    private Refusal? FindWhatHoldsIt(RegionName region)
    {
        var accounts = parts.Directory.CountByHome().GetValueOrDefault(region.Value);
        if (accounts > 0)
        {
            return Refusal.Conflict(
                string.Create(CultureInfo.InvariantCulture, $"region {region} can't be removed; accounts at home there: {accounts}"),
                $"put it back into the file, and 'domicile region drain {region}' moves them away");
        }

        return parts.Moves.ListOpen().FirstOrDefault(move => move.Source == region || move.Target == region) is { } open
            ? Refusal.Conflict(
                $"region {region} can't be removed: move {open.Id} of account {open.Account} is {MoveViews.StateName(open.State)}",
                $"wait until it is over ('domicile moves show {open.Id}'), then reload") : null;
    }
}
