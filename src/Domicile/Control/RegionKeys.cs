using Domicile.Accounts;
using Domicile.Proofs;

namespace Domicile.Control;

/// <summary>
/// The key that speaks for each region. Control takes a region's key the first time it sees it, over the mutually
/// authenticated link, and then holds on to it: who later answers with another key is not believed.
/// </summary>
internal sealed class RegionKeys(ControlDatabase database, RegionQuestions regions)
{
    public async Task<Outcome<PublicKey>> FindAsync(RegionName region, CancellationToken cancellationToken)
    {
        if (Recorded(region) is { } recorded)
        {
            return recorded;
        }

        var asked = await regions.AskAsync(region, (peer, limited) => peer.StatusAsync(limited), cancellationToken);
        if (!asked.Is(out var status, out var refusal))
        {
            return refusal;
        }

        if (!PublicKey.TryFromSpki(status.SigningKey, out var key))
        {
            return Refusal.Conflict($"region {region} shows a signing key that is no P-256 key");
        }

        await database.WriteAsync(
            sql => sql.Execute(
                "INSERT INTO region_key (region, spki) VALUES (@p1, @p2) ON CONFLICT (region) DO NOTHING",
                region.Value, key.Spki.ToArray()),
            cancellationToken);
        return Recorded(region)!;
    }

    public PublicKey? Recorded(RegionName region)
        => database.Read(sql => sql.Scalar<byte[]>("SELECT spki FROM region_key WHERE region = @p1", region.Value)) is { } spki
            && PublicKey.TryFromSpki(spki, out var key) ? key : null;
}
