using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Proofs;

namespace Domicile.Control;

/// <summary>
/// The key that speaks for each region, pinned when the region is enrolled: an operator has compared its fingerprint with
/// what the region's own machine says. Who later shows another key is not believed.
/// </summary>
/// <param name="keyHere">
/// The key of a region whose data directory lies beside control's own, null for others. Such a region is enrolled without
/// being asked about: whoever can write there can do everything anyway.
/// </param>
internal sealed class RegionKeys(ControlDatabase database, RegionQuestions regions, Func<RegionName, PublicKey?> keyHere)
{
    public async Task<Outcome<PublicKey>> FindAsync(RegionName region, CancellationToken cancellationToken)
    {
        if (Recorded(region) is { } recorded)
        {
            return recorded;
        }

        return keyHere(region) is { } here
            ? await RecordAsync(region, here, cancellationToken)
            : Refusal.Conflict($"region {region} is not enrolled", $"enrol it: 'domicile region enrol {region}'");
    }

    /// <summary>Asks the region for its key, and takes it if it is the one whose fingerprint the operator has seen.</summary>
    public async Task<Outcome<PublicKey>> EnrolAsync(RegionName region, string fingerprint, CancellationToken cancellationToken)
    {
        var asked = await regions.AskAsync(region, (peer, limited) => peer.StatusAsync(limited), cancellationToken);
        if (!asked.Is(out var status, out var refusal) || !KeyOf(region, status).Is(out var shown, out refusal))
        {
            return refusal;
        }

        if (shown.Fingerprint != fingerprint)
        {
            return Refusal.Conflict(
                $"region {region} shows the signing key {shown.Fingerprint}, not {fingerprint}",
                $"compare with what its own machine says: 'domicile region fingerprint {region} --data DIR'");
        }

        return await RecordAsync(region, shown, cancellationToken);
    }

    /// <summary>The key that a region shows must be the one that it was enrolled with.</summary>
    public async Task<Outcome<PublicKey>> CheckAsync(RegionName region, RegionStatus status, CancellationToken cancellationToken)
        => (await FindAsync(region, cancellationToken)).Is(out var enrolled, out var refusal)
            && KeyOf(region, status).Is(out var shown, out refusal)
            ? shown.Equals(enrolled) ? enrolled : Changed(region, enrolled, shown)
            : refusal!;

    /// <summary>Of a region that is none any more: receipts keep the keys that they were signed with.</summary>
    public Task ForgetAsync(RegionName region, CancellationToken cancellationToken)
        => database.WriteAsync(
            sql => sql.Execute("DELETE FROM region_key WHERE region = @p1", region.Value), cancellationToken);

    private static Outcome<PublicKey> KeyOf(RegionName region, RegionStatus status)
        => PublicKey.TryFromSpki(status.SigningKey, out var key)
            ? key : Refusal.Conflict($"region {region} shows a signing key that is no P-256 key");

    private static Refusal Changed(RegionName region, PublicKey enrolled, PublicKey shown)
        => Refusal.Conflict(
            $"region {region} shows the signing key {shown.Fingerprint}, but was enrolled with {enrolled.Fingerprint}",
            "find out who replaced keys/signing.key there; restore it from a backup");

    // The first one stays: what was recorded meanwhile decides.
    private async Task<Outcome<PublicKey>> RecordAsync(RegionName region, PublicKey key, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            sql => sql.Execute(
                "INSERT INTO region_key (region, spki) VALUES (@p1, @p2) ON CONFLICT (region) DO NOTHING",
                region.Value, key.Spki.ToArray()),
            cancellationToken);
        var recorded = Recorded(region)!;
        return recorded.Equals(key) ? recorded : Changed(region, recorded, key);
    }

    private PublicKey? Recorded(RegionName region)
        => database.Read(sql => sql.Scalar<byte[]>("SELECT spki FROM region_key WHERE region = @p1", region.Value)) is { } spki
            && PublicKey.TryFromSpki(spki, out var key) ? key : null;
}
