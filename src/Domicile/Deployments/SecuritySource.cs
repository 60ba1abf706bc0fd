using System.Net;
using System.Net.Sockets;

namespace Domicile.Deployments;

/// <summary>Who tries to get in, as far as it is known before he is let in.</summary>
/// <param name="Shown">As the security log names it.</param>
/// <param name="Group">What counts as one source: of IPv6 a /64, since whoever has one address there has them all.</param>
internal readonly record struct SecuritySource(string Shown, string Group)
{
    private const int NetworkPrefixBytes = 8;

    /// <param name="address">Null where the connection has none, as a Unix socket.</param>
    public static SecuritySource Of(IPAddress? address)
    {
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain switch
        {
            null => new("unknown", "unknown"),
            { AddressFamily: AddressFamily.InterNetworkV6 } => new(
                plain.ToString(), Convert.ToHexString(plain.GetAddressBytes().AsSpan(0, NetworkPrefixBytes))),
            _ => new(plain.ToString(), plain.ToString()),
        };
    }

    public static SecuritySource Of(PeerIdentity peer) => Named(peer switch
    {
        PeerIdentity.Control => "control",
        PeerIdentity.Region(var region) => $"region '{region}'",
        _ => "unknown",
    });

    /// <param name="label">Of the operator's token.</param>
    public static SecuritySource OfOperator(string label) => Named($"operator '{label}'");

    private static SecuritySource Named(string name)
    {
        var shown = name.Length <= SecurityLimits.SourceCharsMax ? name : name[..SecurityLimits.SourceCharsMax];
        return new(shown, shown);
    }
}
