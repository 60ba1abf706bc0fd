namespace Domicile.Control;

/// <summary>Empties a region: from then on nothing is placed there, and every account that is at home there moves by policy.</summary>
internal sealed class DrainDesk(ControlParts parts, PlanDesk plans)
{
    /// <summary>Begins it, or, for a region that is being drained, goes on with what is left.</summary>
    /// <param name="by">Label of the operator.</param>
    public async Task<Outcome<DrainView>> DrainAsync(
        string name, DrainRegion request, string by, CancellationToken cancellationToken)
    {
        if (!AccountRequests.ReadRegion(name, parts.Config).Is(out var region, out var refusal))
        {
            return refusal;
        }

        var drained = region.Facts.Name;
        if (parts.Config.Facts.All(facts => facts.Name == drained || parts.Draining.Contains(facts.Name)))
        {
            return Refusal.Conflict(
                $"region {drained} is the last one that takes accounts", "add a region first, or end another one's draining");
        }

        if (PlanDesk.CheckAtOnce(request.AtOnce) is { } wrong)
        {
            return wrong;
        }

        await parts.Draining.AddAsync(drained, parts.Time.GetUtcNow(), by, cancellationToken);
        var begun = await plans.MoveAsync(drained, request.AtOnce, cancellationToken);
        return new DrainView(drained.Value, begun.Moves, begun.Denied, begun.Skipped);
    }

    public async Task<Outcome<UndrainedRegion>> UndrainAsync(string name, CancellationToken cancellationToken)
    {
        if (!AccountRequests.ReadRegion(name, parts.Config).Is(out var region, out var refusal))
        {
            return refusal;
        }

        var was = parts.Draining.Contains(region.Facts.Name);
        await parts.Draining.RemoveAsync(region.Facts.Name, cancellationToken);
        return new UndrainedRegion(region.Facts.Name.Value, was);
    }
}
