using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>
/// A deployment as domicile.yaml declares it; see docs/formats/config.md. Checked once, here: who holds one need not
/// check again.
/// </summary>
internal sealed record DeploymentConfig
{
    public const int FileLengthBytesMax = 256 * 1024;
    public const int RegionsMax = 200;
    public const int HostsMax = 100;
    public const int TokensMax = 1000;

    /// <summary>Has the form of a region's name. It is part of every certificate of the deployment.</summary>
    public required string Name { get; init; }

    public required ControlConfig Control { get; init; }

    /// <summary>In the order of the file; at least one, names are distinct.</summary>
    public required IReadOnlyList<RegionConfig> Regions { get; init; }

    /// <summary>
    /// Of policy.yaml; taken from the directory of domicile.yaml where the file gives a relative one.
    /// </summary>
    public required string PolicyPath { get; init; }

    /// <summary>
    /// Every S3 and API endpoint is https, with certificates of the deployment's own authority. Without it, those are
    /// whose <c>listen</c> says https.
    /// </summary>
    public bool Tls { get; init; }

    /// <summary>The regions' facts, in the order of the file.</summary>
    public IReadOnlyList<RegionFacts> Facts => [.. Regions.Select(region => region.Facts)];

    public static ConfigResult Load(string path)
        => ConfigFile.Read(path, FileLengthBytesMax, out var text) is { } error
            ? new ConfigResult.Invalid([error])
            : Parse(text, path);

    /// <param name="file">What errors call it; relative paths in the text start from its directory.</param>
    public static ConfigResult Parse(string text, string file) => ConfigReader.Read(text, file);

    public RegionConfig? Find(RegionName name) => Regions.FirstOrDefault(region => region.Facts.Name == name);

    /// <summary>The same deployment with https on every S3 and API endpoint (<c>up --tls</c>).</summary>
    public DeploymentConfig WithTls() => this with
    {
        Tls = true,
        Control = Control with { Listen = Https(Control.Listen) },
        Regions = [.. Regions.Select(region => region with
        {
            Listen = Https(region.Listen),
            Endpoint = Https(region.Endpoint),
        })],
    };

    /// <summary>
    /// What keeps a process of this deployment from starting: stores that aren't built yet, secrets that aren't there, tokens that
    /// can be guessed.
    /// Looks only at what that process needs, so that no region needs another one's secrets.
    /// </summary>
    public IReadOnlyList<LocatedError> CheckStart(ProcessRole role)
    {
        var region = role is ProcessRole.Region { Name: var name } ? Find(name) : null;
        var store = (region?.Store ?? Control.Store) as StoreConfig.Postgres;
        var contents = region?.Contents as ContentsConfig.S3;
        LocatedError?[] unbuilt =
        [
            store?.ConnectionString.Place.With("store: postgres is not built yet; use sqlite"),
            contents?.SecretKey.Place.With("contents: s3 is not built yet; use files"),
        ];
        var tokens = role is ProcessRole.Control ? Control.Tokens.Values : [];
        return [.. unbuilt.OfType<LocatedError>(), .. tokens.Select(TroubleOf).OfType<LocatedError>()];
    }

    private static LocatedError? TroubleOf(Secret token) => token.Read() switch
    {
        SecretResult.Missing missing => missing.Error,
        SecretResult.Known known when TokenStrength.Trouble(known.Value) is { } trouble
            => token.Place.With($"'{token.Place.Message}' {trouble}"),
        _ => null,
    };

    private static Uri Https(Uri url) => new UriBuilder(url) { Scheme = Uri.UriSchemeHttps, Port = url.Port }.Uri;
}

/// <summary>What became of reading domicile.yaml.</summary>
internal abstract record ConfigResult
{
    private ConfigResult()
    {
    }

    public sealed record Ok(DeploymentConfig Config) : ConfigResult;

    /// <param name="Errors">At least one, in the order of their lines.</param>
    public sealed record Invalid(IReadOnlyList<LocatedError> Errors) : ConfigResult;
}

/// <summary>Control's part of domicile.yaml.</summary>
/// <param name="Listen">Of the control API: http or https, an IP address or localhost, a port, no path.</param>
/// <param name="Peer">Where regions reach control, https with certificates on both sides; null: see <see
/// cref="EndpointPlan"/>.</param>
/// <param name="Management">Health and metrics, http; null: see <see cref="EndpointPlan"/>.</param>
/// <param name="Tokens">Bearer tokens of the control API by the name of who holds each; may be empty.</param>
internal sealed record ControlConfig(
    Uri Listen, Uri? Peer, Uri? Management, StoreConfig Store, IReadOnlyDictionary<string, Secret> Tokens);

/// <summary>One region's part of domicile.yaml.</summary>
/// <param name="Listen">Of S3: http or https, an IP address or localhost, a port, no path.</param>
/// <param name="Endpoint">The URL that clients are told: <c>endpoint:</c>, else <paramref name="Listen"/> with
/// localhost for "any".</param>
/// <param name="Hosts">Further base host names under which S3 clients address buckets as <c>bucket.host</c>, in
/// lower case.</param>
internal sealed record RegionConfig(
    RegionFacts Facts, Uri Listen, Uri Endpoint, Uri? Peer, Uri? Management, StoreConfig Store, ContentsConfig Contents,
    IReadOnlyList<string> Hosts);

/// <summary>Where metadata lies.</summary>
internal abstract record StoreConfig
{
    private StoreConfig()
    {
    }

    public sealed record Sqlite : StoreConfig;

    /// <param name="ConnectionString">As Npgsql takes it.</param>
    public sealed record Postgres(Secret ConnectionString) : StoreConfig;
}

/// <summary>Where contents lie.</summary>
internal abstract record ContentsConfig
{
    private ContentsConfig()
    {
    }

    public sealed record Files : ContentsConfig;

    public sealed record S3(Uri Endpoint, string Bucket, Secret AccessKey, Secret SecretKey) : ContentsConfig;
}
