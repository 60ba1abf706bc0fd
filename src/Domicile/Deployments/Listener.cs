using System.Net;

namespace Domicile.Deployments;

/// <summary>The URLs that a process listens at: scheme, address, port, nothing else.</summary>
internal static class Listener
{
    /// <summary>Null if it is one; else what it should be.</summary>
    /// <param name="key"><c>listen</c>, <c>peer</c> (https only) or <c>management</c> (http only).</param>
    public static string? Check(string text, string key, out Uri? url)
    {
        if (!TryParseUrl(text, out url) || !text.TrimEnd('/').EndsWith($":{url.Port}", StringComparison.Ordinal))
        {
            return "is a URL with a port and no path, such as http://127.0.0.1:9101";
        }

        if (key == "peer" && url.Scheme != Uri.UriSchemeHttps)
        {
            return "is https: the link between processes is encrypted and authenticated on both sides";
        }

        if (key == "management" && url.Scheme != Uri.UriSchemeHttp)
        {
            return "is http: health and metrics have no certificate";
        }

        return AddressOf(url) is null
            ? "names localhost or an IP address of this machine; the name that clients use goes to 'endpoint' "
                + "and 'hosts'"
            : null;
    }

    /// <summary>http or https, a host, optionally a port; no user, path, query or fragment.</summary>
    public static bool TryParseUrl(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? url)
        => Uri.TryCreate(text, UriKind.Absolute, out url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            && url is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "", Port: > 0 and <= 65535 }
            && !text.Contains('?', StringComparison.Ordinal) && !text.Contains('#', StringComparison.Ordinal);

    /// <summary>Null where the host is a DNS name other than localhost.</summary>
    public static IPAddress? AddressOf(Uri listen)
        => listen.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(listen.IdnHost, out var address) ? address : null;

    public static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>The same URL with localhost for "any address", which is no address to connect to.</summary>
    public static Uri Reachable(Uri listen)
        => IsAny(AddressOf(listen)!) ? new UriBuilder(listen) { Host = "localhost" }.Uri : listen;
}

/// <summary>Which ports of this config are taken: two processes can't share one.</summary>
internal sealed class PortClaims(YamlErrors errors)
{
    private readonly List<(Uri Url, string Holder)> _claims = [];

    public void Claim(Uri url, int line, string holder)
    {
        var other = _claims.Find(claim => Collide(claim.Url, url));
        if (other.Holder is not null)
        {
            errors.Add(line, $"{holder} and {other.Holder} both use port {url.Port}; give each its own");
        }

        _claims.Add((url, holder));
    }

    private static bool Collide(Uri one, Uri other)
    {
        var (a, b) = (Listener.AddressOf(one)!, Listener.AddressOf(other)!);
        return one.Port == other.Port && (a.Equals(b) || Listener.IsAny(a) || Listener.IsAny(b));
    }
}
