using Domicile.Objects;
using Domicile.Policies;

namespace Domicile.Control;

/// <summary>Answers where accounts belong and why, and puts policies in force.</summary>
internal sealed class PolicyDesk(ControlParts parts, AccountDesk accounts)
{
    public async Task<Outcome<WhereView>> WhereAsync(string text, CancellationToken cancellationToken)
        => accounts.Find(text).Is(out var account, out var refusal)
            ? Where(account, await MeasureAsync(account, cancellationToken)).View : refusal;

    public async Task<Outcome<ExplainView>> ExplainAsync(string text, CancellationToken cancellationToken)
    {
        if (!accounts.Find(text).Is(out var account, out var refusal))
        {
            return refusal;
        }

        var (view, explanation) = Where(account, await MeasureAsync(account, cancellationToken));
        return new ExplainView(account.Id.Value, [.. Lines(explanation), .. DrainedLines()], view);
    }

    public PolicyView Show() => View(parts.Policies.Current);

    public PolicyCheckView Check(PolicyText request) => parts.Policies.Parse(request.Text) switch
    {
        PolicyResult.Ok ok => new PolicyCheckView(
            true, [], [.. PolicyCheck.Run(ok.Policy, parts.Config.Facts).Select(Line)]),
        PolicyResult.Invalid invalid => new PolicyCheckView(false, [.. invalid.Errors.Select(error => error.ToString())], []),
        var other => throw new InvariantViolatedException(other.GetType().Name),
    };

    /// <summary>Puts a policy in force and into the ledger. The text in force already changes nothing.</summary>
    public async Task<Outcome<PolicyView>> PutAsync(PolicyText request, string by, CancellationToken cancellationToken)
    {
        if (!Read(request.Text).Is(out var policy, out var refusal))
        {
            return refusal;
        }

        var put = await parts.Policies.PutAsync(
            policy, parts.Time.GetUtcNow(), (sql, next) => parts.Ledger.AppendPolicy(sql, next, by), cancellationToken);
        parts.Directory.Changes.Raise();
        return View(put);
    }

    /// <summary>Reads a policy that came over the API.</summary>
    public Outcome<Policy> Read(string text) => parts.Policies.Parse(text) switch
    {
        PolicyResult.Ok ok => ok.Policy,
        PolicyResult.Invalid invalid => Refusal.Malformed(
            $"the policy can't be read: {string.Join("; ", invalid.Errors.Take(ErrorsShown))}",
            "'domicile policy check' shows every error"),
        var other => throw new InvariantViolatedException(other.GetType().Name),
    };

    private const int ErrorsShown = 5;

    private async Task<Measured> MeasureAsync(ControlAccount account, CancellationToken cancellationToken)
    {
        var asked = await parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.MeasureUsageAsync(account.Id, limited), cancellationToken);
        if (!asked.Is(out var usage, out var refusal))
        {
            return new Measured(account.Usage, refusal.Error);
        }

        await parts.Directory.NoteUsageAsync(account.Id, usage, cancellationToken);
        return new Measured(usage, null);
    }

    private (WhereView View, PolicyExplanation Explanation) Where(ControlAccount account, Measured measured)
    {
        var explanation = PolicyExplanation.Of(
            parts.Policies.Current.Policy, account.Profile, ControlAccount.CategoriesOf(measured.Usage),
            parts.Placeable, account.Home);
        var permitted = explanation.Placement as Placement.Permitted;
        var denied = explanation.Placement as Placement.Denied;
        var exposure = parts.Config.Find(account.Home!.Value)?.Facts.Exposure.Select(country => country.Code) ?? [];
        var caveat = measured.Trouble is null ? "" : $" (sizes as last known, for {measured.Trouble})";
        var view = new WhereView(
            account.Id.Value, account.Home?.Value, account.Epoch, [.. exposure], measured.Usage?.Categories,
            permitted?.Rule ?? denied?.Rule ?? "", (permitted?.Reason ?? denied!.Reason) + caveat,
            permitted is { InPlace: true }, permitted is { InPlace: false } ? permitted.Target.Value : null,
            [.. explanation.Regions.Where(region => region.Permitted).Select(region => region.Region.Value)]);
        return (view, explanation);
    }

    private IEnumerable<string> DrainedLines()
        => parts.Config.Facts.Where(facts => parts.Draining.Contains(facts.Name))
            .Select(facts => $"region {facts.Name}: closed: it is being drained");

    private static IEnumerable<string> Lines(PolicyExplanation explanation)
    {
        foreach (var category in explanation.Categories)
        {
            var name = category.Category == Category.None ? "data without a category" : $"category {category.Category}";
            foreach (var trial in category.Trials)
            {
                yield return $"{name}: rule '{trial.Rule}' (line {trial.Line}) "
                    + $"{(trial.Matched ? "decides" : "does not match")}: {trial.Reason}";
            }

            if (category.Rule is null)
            {
                yield return $"{name}: no rule matches, so it is denied";
            }
        }

        foreach (var region in explanation.Regions)
        {
            yield return $"region {region.Region}: {(region.Permitted ? "permitted" : "forbidden")}: {region.Reason}";
        }
    }

    private static string Line(PolicyFinding finding)
        => $"{PolicyBook.FileName}:{finding.Line}: {(finding.Kind == FindingKind.Warning ? "warning: " : "")}{finding.Message}";

    private static PolicyView View(PolicyInForce current)
        => new(current.Policy.Revision, current.Policy.Text, current.Policy.Sha256, current.Since);

    private sealed record Measured(AccountUsage? Usage, string? Trouble);
}
