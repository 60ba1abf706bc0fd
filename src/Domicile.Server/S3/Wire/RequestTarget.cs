namespace Domicile.Server.S3.Wire;

internal enum TargetKind
{
    Service,
    Bucket,
    Object,
}

/// <summary>What a request is about, from its target and its Host.</summary>
/// <param name="RawPath">The path as it came, for the signature: nothing decoded, no dot segments removed.</param>
/// <param name="Bucket">Empty for the service.</param>
/// <param name="Key">Decoded; empty unless an object is meant.</param>
internal sealed record RequestTarget(string RawPath, string Bucket, string Key, RequestQuery Query)
{
    public TargetKind Kind => Bucket.Length == 0 ? TargetKind.Service
        : Key.Length == 0 ? TargetKind.Bucket
        : TargetKind.Object;

    /// <summary>The bucket, where it came from the Host.</summary>
    public string? HostBucket { get; private init; }

    /// <summary>The bucket came from the Host.</summary>
    public bool IsVirtualHosted => HostBucket is not null;

    /// <param name="rawTarget">The request line's target: origin form, or absolute form from a proxy's client.</param>
    /// <param name="host">The Host header, with or without a port.</param>
    /// <param name="virtualHosts">Hosts below which a label names a bucket.</param>
    public static Outcome<RequestTarget> Parse(string rawTarget, string? host, IReadOnlyList<string> virtualHosts)
        => Parse(rawTarget, host, BucketOfHost(host, virtualHosts));

    /// <summary>
    /// A request that another node has read. All nodes read a Host by the names of all regions, so both read the same; a claim
    /// that differs would make another request of what the client has signed.
    /// </summary>
    /// <param name="hostBucket">What the other node took from the Host.</param>
    public static Outcome<RequestTarget> Parse(
        string rawTarget, string? host, IReadOnlyList<string> virtualHosts, string? hostBucket)
        => BucketOfHost(host, virtualHosts) == hostBucket
            ? Parse(rawTarget, host, hostBucket)
            : S3Error.Of("InvalidRequest", "The region that relayed this request reads its Host otherwise.");

    /// <summary>
    /// What an error names: the path as it came, decoded, whether or not the target means anything. A server's own reading of
    /// the path would differ between the home and a relay.
    /// </summary>
    public static string ResourceOf(string rawTarget)
    {
        var scheme = SchemeOf(rawTarget).Length;
        var path = rawTarget.IndexOf('/', scheme);
        var question = rawTarget.IndexOf('?', StringComparison.Ordinal);
        var end = question < 0 ? rawTarget.Length : question;
        return path < 0 || path >= end ? (scheme > 0 ? "/" : "") : Uri.UnescapeDataString(rawTarget[path..end]);
    }

    private static Outcome<RequestTarget> Parse(string rawTarget, string? host, string? hostBucket)
    {
        var origin = HttpText.IsTarget(rawTarget) ? ToOriginForm(rawTarget, host) : null;
        if (origin is null)
        {
            return S3Error.Of("InvalidURI");
        }

        var question = origin.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? origin : origin[..question];
        var rawQuery = question < 0 ? default : origin.AsSpan(question + 1);
        if (RequestQuery.Parse(rawQuery).Failed(out var error, out var query))
        {
            return error;
        }

        return PercentCode.TryDecode(path, false, out var decoded)
            ? Split(path, decoded, hostBucket, query)
            : S3Error.Of("InvalidURI");
    }

    private static Outcome<RequestTarget> Split(string rawPath, string path, string? hostBucket, RequestQuery query)
    {
        var rest = path.AsSpan(1);
        var slash = rest.IndexOf('/');
        var bucket = hostBucket ?? (slash < 0 ? rest : rest[..slash]).ToString();
        var key = hostBucket is not null ? rest : slash < 0 ? default : rest[(slash + 1)..];
        if (bucket.Length == 0)
        {
            return rest.IsEmpty ? new RequestTarget(rawPath, "", "", query) : S3Error.Of("InvalidBucketName");
        }

        return BucketName.IsValid(bucket)
            ? CheckKey(new RequestTarget(rawPath, bucket, key.ToString(), query) { HostBucket = hostBucket })
            : S3Error.Of("InvalidBucketName").WithDetail("BucketName", bucket);
    }

    private static Outcome<RequestTarget> CheckKey(RequestTarget target)
        => target.Key.Length > 0 && ObjectKey.Check(target.Key) is { } error ? error : target;

    // Absolute form has one meaning: that of the origin form behind it, sent to its authority, which is the Host (RFC 9112,
    // section 3.2.2). Where the two differ, one of them is a lie to somebody.
    private static string? ToOriginForm(string rawTarget, string? host)
    {
        if (rawTarget.StartsWith('/'))
        {
            return rawTarget;
        }

        var scheme = SchemeOf(rawTarget);
        if (scheme.Length == 0)
        {
            return null;
        }

        var path = rawTarget.IndexOfAny(['/', '?'], scheme.Length);
        var authority = path < 0 ? rawTarget[scheme.Length..] : rawTarget[scheme.Length..path];
        return !authority.Equals(host, StringComparison.OrdinalIgnoreCase) ? null
            : path < 0 ? "/"
            : rawTarget[path] == '/' ? rawTarget[path..] : "/" + rawTarget[path..];
    }

    private static string SchemeOf(string rawTarget)
        => rawTarget.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http://"
            : rawTarget.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https://"
            : "";

    private static string? BucketOfHost(string? host, IReadOnlyList<string> virtualHosts)
    {
        if (host is null)
        {
            return null;
        }

        var colon = host.LastIndexOf(':');
        var name = colon > 0 && host.IndexOf(']', colon) < 0 ? host.AsSpan(0, colon) : host;
        var nearest = "";
        foreach (var parent in virtualHosts)
        {
            if (name.Equals(parent, StringComparison.OrdinalIgnoreCase))
            {
                return null; // An endpoint itself, even where its name lies below that of another region.
            }

            if (parent.Length > nearest.Length && name.Length > parent.Length + 1
                && name[name.Length - parent.Length - 1] == '.' && name.EndsWith(parent, StringComparison.OrdinalIgnoreCase))
            {
                nearest = parent;
            }
        }

        return nearest.Length == 0 ? null : name[..^(nearest.Length + 1)].ToString().ToLowerInvariant();
    }
}
