using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>Reads the text of a domicile.yaml. One reader per text: it collects the errors.</summary>
internal sealed class ConfigReader
{
    private readonly string _file;
    private readonly string _directory;
    private readonly YamlErrors _errors;

    private ConfigReader(string file)
    {
        _file = file;
        _directory = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
        _errors = new YamlErrors(file);
    }

    public static ConfigResult Read(string text, string file) => new ConfigReader(file).Read(text);

    private ConfigResult Read(string text)
    {
        var config = _errors.ReadTree(text) is { } root ? ReadRoot(new YamlKeys(root, "", _errors)) : null;
        return _errors.Any || config is null
            ? new ConfigResult.Invalid(_errors.Sorted)
            : new ConfigResult.Ok(config);
    }

    private DeploymentConfig? ReadRoot(YamlKeys keys)
    {
        var name = keys.TakeScalar("deployment", required: true);
        if (name is not null && !RegionName.TryParse(name.Value, out _))
        {
            _errors.Add(name.Line, "'deployment' is a letter, then at most 39 more of a-z, 0-9 and '-', found "
                + $"'{name.Value}'");
        }

        var ports = new PortClaims(_errors);
        var control = keys.TakeMap("control", "control", required: true) is { } map ? ReadControl(map, ports) : null;
        var regions = ReadRegions(keys.Require("regions"), ports);
        var policy = keys.TakeScalar("policy", required: true);
        var tls = keys.TakeBoolean("tls");
        keys.Finish();
        if (name is null || control is null || policy is null)
        {
            return null;
        }

        var path = Path.GetFullPath(policy.Value, _directory);
        var config = new DeploymentConfig
        {
            Name = name.Value,
            Control = control,
            Regions = regions,
            PolicyPath = path,
        };
        return tls ? config.WithTls() : config;
    }

    private ControlConfig? ReadControl(YamlKeys keys, PortClaims ports)
    {
        var listen = ReadListener(keys, "listen", ports, required: true);
        var peer = ReadListener(keys, "peer", ports);
        var management = ReadListener(keys, "management", ports);
        var store = ReadStore(keys);
        var tokens = ReadTokens(keys.TakeMap("tokens", "control's tokens"));
        keys.Finish();
        return listen is null ? null : new ControlConfig(listen, peer, management, store, tokens);
    }

    private Dictionary<string, Secret> ReadTokens(YamlKeys? keys)
    {
        var tokens = new Dictionary<string, Secret>(StringComparer.Ordinal);
        foreach (var holder in keys?.Names.Take(DeploymentConfig.TokensMax) ?? [])
        {
            if (ReadSecret(keys!, holder) is { } secret)
            {
                tokens.Add(holder, secret);
            }
        }

        return tokens;
    }

    private List<RegionConfig> ReadRegions(YamlNode? node, PortClaims ports)
    {
        var regions = new List<RegionConfig>();
        if (node is not (null or YamlNode.Map { Entries.Count: > 0 and <= DeploymentConfig.RegionsMax }))
        {
            _errors.Add(node.Line, $"'regions' holds 1 to {DeploymentConfig.RegionsMax} regions, each name: {{ … }}");
        }

        foreach (var entry in (node as YamlNode.Map)?.Entries.Take(DeploymentConfig.RegionsMax) ?? [])
        {
            if (ReadRegion(entry, ports) is { } region)
            {
                regions.Add(region);
            }
        }

        return regions;
    }

    private RegionConfig? ReadRegion(YamlEntry entry, PortClaims ports)
    {
        if (!RegionName.TryParse(entry.Key, out var name) || name.Value is "control" or "nearest")
        {
            _errors.Add(entry.Line, name.Value is "control" or "nearest"
                ? $"a region can't be called '{name}': that word has a meaning of its own"
                : $"a region's name is a letter, then at most 39 more of a-z, 0-9 and '-', found '{entry.Key}'");
            return null;
        }

        if (entry.Value is not YamlNode.Map map)
        {
            _errors.Add(entry.Line, $"region '{name}' is keys and values, found {entry.Value.Kind}");
            return null;
        }

        var keys = new YamlKeys(map, $"region '{name}'", _errors);
        var region = ReadRegion(name, keys, ports);
        keys.Finish();
        return region;
    }

    private RegionConfig? ReadRegion(RegionName name, YamlKeys keys, PortClaims ports)
    {
        var listen = ReadListener(keys, "listen", ports, required: true);
        var endpoint = ReadEndpoint(keys, "endpoint");
        var peer = ReadListener(keys, "peer", ports);
        var management = ReadListener(keys, "management", ports);
        var facts = ReadFacts(name, keys);
        var store = ReadStore(keys);
        var contents = ReadContents(keys);
        var hosts = ReadHosts(keys);
        if (listen is null || facts is null)
        {
            return null;
        }

        endpoint ??= Listener.Reachable(listen);
        return new RegionConfig(facts, listen, endpoint, peer, management, store, contents, hosts);
    }

    private RegionFacts? ReadFacts(RegionName name, YamlKeys keys)
    {
        var country = ReadCountry(keys, "country");
        var runs = ReadParty(keys, "operator");
        var owner = ReadParty(keys, "owner");
        var custodian = ReadCustodian(keys);
        var location = ReadLocation(keys.TakeMap("location", $"{keys.Place}'s location"));
        return country is null || runs is null || owner is null || custodian is null ? null
            : new RegionFacts(name, country.Value, runs, owner, custodian) { Coordinates = location };
    }

    private Party? ReadParty(YamlKeys keys, string key)
    {
        if (keys.TakeMap(key, $"{keys.Place}'s {key}", required: true) is not { } party)
        {
            return null;
        }

        var name = party.TakeScalar("name", required: true);
        var country = ReadCountry(party, "country");
        party.Finish();
        return name is null || country is null ? null : new Party(name.Value, country.Value);
    }

    private CustodianFacts? ReadCustodian(YamlKeys keys)
    {
        if (keys.TakeMap("custodian", $"{keys.Place}'s custodian", required: true) is not { } custodian)
        {
            return null;
        }

        var kind = custodian.TakeScalar("kind", required: true);
        var country = ReadCountry(custodian, "country");
        custodian.Finish();
        if (kind is not (null or { Value: "local" }))
        {
            _errors.Add(kind.Line, $"unknown kind '{kind.Value}' in {custodian.Place}; known: local");
        }

        return kind is null || country is null ? null : new CustodianFacts(kind.Value, country.Value);
    }

    private Country? ReadCountry(YamlKeys keys, string key)
    {
        if (keys.TakeScalar(key, required: true) is not { } scalar)
        {
            return null;
        }

        if (Country.TryParse(scalar.Value, out var country))
        {
            return country;
        }

        _errors.Add(scalar.Line, CountryWord.Unknown(scalar.Value, keys.In()));
        return null;
    }

    private static Coordinates? ReadLocation(YamlKeys? keys)
    {
        var latitude = keys?.TakeNumber("lat", -90, 90, required: true);
        var longitude = keys?.TakeNumber("lon", -180, 180, required: true);
        keys?.Finish();
        return latitude is null || longitude is null ? null : new Coordinates(latitude.Value, longitude.Value);
    }

    private StoreConfig ReadStore(YamlKeys keys)
    {
        var scalar = keys.TakeScalar("store");
        const string Postgres = "postgres:";
        switch (scalar?.Value)
        {
            case null or "sqlite":
                return new StoreConfig.Sqlite();
            case var text when text.StartsWith(Postgres, StringComparison.Ordinal) && text.Length > Postgres.Length:
                return new StoreConfig.Postgres(
                    NewSecret(text[Postgres.Length..].Trim(), scalar.Line, "store" + keys.In()));
            default:
                // The text may hold a password: it is not repeated.
                _errors.Add(scalar.Line, $"'store'{keys.In()} is sqlite or \"postgres: Host=…\"");
                return new StoreConfig.Sqlite();
        }
    }

    private ContentsConfig ReadContents(YamlKeys keys)
    {
        switch (keys.Take("contents"))
        {
            case null or YamlNode.Scalar { Value: "files" }:
                return new ContentsConfig.Files();
            case YamlNode.Map map:
                var contents = new YamlKeys(map, $"{keys.Place}'s contents", _errors);
                var s3 = contents.TakeMap("s3", $"{keys.Place}'s s3 contents", required: true);
                contents.Finish();
                return s3 is not null && ReadS3(s3) is { } read ? read : new ContentsConfig.Files();
            case var other:
                _errors.Add(other.Line, $"'contents'{keys.In()} is files or {{ s3: {{ endpoint, bucket, "
                    + "accessKey, secretKey } }");
                return new ContentsConfig.Files();
        }
    }

    private ContentsConfig.S3? ReadS3(YamlKeys keys)
    {
        var endpoint = ReadEndpoint(keys, "endpoint", required: true);
        var bucket = keys.TakeScalar("bucket", required: true);
        var accessKey = ReadSecret(keys, "accessKey");
        var secretKey = ReadSecret(keys, "secretKey");
        keys.Finish();
        return endpoint is null || bucket is null || accessKey is null || secretKey is null ? null
            : new ContentsConfig.S3(endpoint, bucket.Value, accessKey, secretKey);
    }

    private Secret? ReadSecret(YamlKeys keys, string key)
        => keys.TakeScalar(key, required: true) is { } scalar
            ? NewSecret(scalar.Value, scalar.Line, key + keys.In()) : null;

    private Secret NewSecret(string expression, int line, string key)
        => new(expression, _directory, new LocatedError(_file, line, key));

    private List<string> ReadHosts(YamlKeys keys)
    {
        var hosts = new List<string>();
        foreach (var host in keys.TakeList("hosts", DeploymentConfig.HostsMax) ?? [])
        {
            if (Uri.CheckHostName(host.Value) == UriHostNameType.Dns)
            {
                hosts.Add(host.Value.ToLowerInvariant());
            }
            else
            {
                _errors.Add(host.Line, $"'hosts'{keys.In()} lists DNS names such as s3.example.com, found "
                    + $"'{host.Value}'");
            }
        }

        return hosts;
    }

    private Uri? ReadEndpoint(YamlKeys keys, string key, bool required = false)
    {
        if (keys.TakeScalar(key, required) is not { } scalar)
        {
            return null;
        }

        if (Listener.TryParseUrl(scalar.Value, out var url))
        {
            return url;
        }

        _errors.Add(scalar.Line, $"'{key}'{keys.In()} is http(s)://host or http(s)://host:port, found "
            + $"'{scalar.Value}'");
        return null;
    }

    private Uri? ReadListener(YamlKeys keys, string key, PortClaims ports, bool required = false)
    {
        if (keys.TakeScalar(key, required) is not { } scalar)
        {
            return null;
        }

        if (Listener.Check(scalar.Value, key, out var url) is { } problem)
        {
            _errors.Add(scalar.Line, $"'{key}'{keys.In()} {problem}, found '{scalar.Value}'");
            return null;
        }

        ports.Claim(url!, scalar.Line, $"'{key}'{keys.In()}");
        return url;
    }
}
