namespace Domicile.Control;

/// <summary>Takes a region of the config into the deployment, once somebody has compared its fingerprint.</summary>
internal sealed class EnrolDesk(ControlParts parts)
{
    public async Task<Outcome<EnrolledRegion>> EnrolAsync(string name, EnrolRegion request, CancellationToken cancellationToken)
        => AccountRequests.ReadRegion(name, parts.Config).Is(out var region, out var refusal)
            && (await parts.Keys.EnrolAsync(region.Facts.Name, request.Fingerprint, cancellationToken)).Is(out var key, out refusal)
            ? new EnrolledRegion(region.Facts.Name.Value, key.Fingerprint) : refusal;
}
