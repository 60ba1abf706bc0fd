using System.Text.Json;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Moves;

/// <summary>
/// A region of the deployment, as control's configuration has it: what policy needs to know of it, and how it is reached.
/// </summary>
/// <param name="Peer">https: for the deployment's processes.</param>
/// <param name="Endpoint">http or https: of S3, as clients are told.</param>
/// <param name="Hosts">Further base host names under which clients address buckets as <c>bucket.host</c>.</param>
internal sealed record RegionMember(RegionFacts Facts, Uri Peer, Uri Endpoint, IReadOnlyList<string> Hosts)
{
    private const int TextCharsMax = 1_000;

    public RegionName Name => Facts.Name;

    public static RegionMember Of(RegionConfig region, Uri peer) => new(region.Facts, peer, region.Endpoint, region.Hosts);

    /// <summary>Its host names: those below which a label names a bucket.</summary>
    public IEnumerable<string> AllHosts => Hosts.Prepend(Endpoint.Host);

    public string ToJson() => JsonSerializer.Serialize(this, MovesJson.Default.RegionMember);

    /// <summary>Null: it is none.</summary>
    public static RegionMember? FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, MovesJson.Default.RegionMember) is { IsWhole: true } member ? member : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether each part is there, and is what it should be: JSON lets null stand for anything.</summary>
    public bool IsWhole
        => Facts is { Name.Value: not null, Country.Code: not null, Operator: not null, Owner: not null, Custodian.Kind: not null }
            && IsText(Facts.Operator.Name) && IsText(Facts.Owner.Name) && IsText(Facts.Custodian.Kind)
            && Facts.Operator.Country.Code is not null && Facts.Owner.Country.Code is not null
            && Facts.Custodian.Country.Code is not null
            && IsAddress(Peer) && Peer.Scheme == Uri.UriSchemeHttps && IsAddress(Endpoint)
            && Hosts is { Count: <= DeploymentConfig.HostsMax } && Hosts.All(IsText);

    private static bool IsText(string? text) => text is { Length: > 0 and <= TextCharsMax };

    private static bool IsAddress(Uri? address)
        => address is { IsAbsoluteUri: true } && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            && IsText(address.OriginalString);
}
