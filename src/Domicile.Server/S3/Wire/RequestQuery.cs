namespace Domicile.Server.S3.Wire;

/// <summary>A request's query, decoded. Names are case-sensitive; of a repeated name the first counts.</summary>
internal sealed class RequestQuery
{
    public static readonly RequestQuery Empty = new([]);

    private readonly List<KeyValuePair<string, string>> _parameters;

    private RequestQuery(List<KeyValuePair<string, string>> parameters) => _parameters = parameters;

    public static Outcome<RequestQuery> Parse(ReadOnlySpan<char> raw)
    {
        if (raw.IsEmpty)
        {
            return Empty;
        }

        var parameters = new List<KeyValuePair<string, string>>();
        foreach (var range in raw.Split('&'))
        {
            var parameter = raw[range];
            if (parameter.IsEmpty)
            {
                continue;
            }

            var equals = parameter.IndexOf('=');
            var rawName = equals < 0 ? parameter : parameter[..equals];
            var rawValue = equals < 0 ? default : parameter[(equals + 1)..];
            if (!PercentCode.TryDecode(rawName, true, out var name) || !PercentCode.TryDecode(rawValue, true, out var value)
                || value.Contains('\0'))
            {
                return S3Error.Of("InvalidURI");
            }

            parameters.Add(new(name, value));
        }

        return new RequestQuery(parameters);
    }

    /// <summary>Null where the name isn't there; empty where it has no value.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var parameter in _parameters)
            {
                if (parameter.Key == name)
                {
                    return parameter.Value;
                }
            }

            return null;
        }
    }

    public bool Has(string name) => this[name] is not null;

    /// <summary>The canonical query string of Signature Version 4: encoded, sorted by name, then by value.</summary>
    /// <param name="except">The signature itself, in a presigned request.</param>
    public string Canonical(string? except)
    {
        if (_parameters.Count == 0)
        {
            return "";
        }

        var encoded = new List<(string Name, string Value)>(_parameters.Count);
        foreach (var parameter in _parameters)
        {
            if (parameter.Key != except)
            {
                encoded.Add((PercentCode.Encode(parameter.Key), PercentCode.Encode(parameter.Value)));
            }
        }

        encoded.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var order and not 0
            ? order
            : string.CompareOrdinal(a.Value, b.Value));
        return string.Join('&', encoded.Select(parameter => $"{parameter.Name}={parameter.Value}"));
    }
}
