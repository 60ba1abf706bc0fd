using System.Globalization;

namespace Domicile.Deployments;

/// <summary>
/// The keys of one map of a config file. Each key is taken once, by name; <see cref="Finish"/> then says which keys
/// nobody took, with the nearest one that is known. Every error goes to the same list, so that a person sees them all.
/// </summary>
internal sealed class YamlKeys
{
    private readonly Dictionary<string, YamlEntry> _entries;
    private readonly List<string> _known = [];
    private readonly YamlErrors _errors;

    /// <param name="place">Where this is, for errors: <c>region 'beijing'</c>; empty for the file itself.</param>
    public YamlKeys(YamlNode.Map map, string place, YamlErrors errors)
    {
        _entries = map.Entries.ToDictionary(entry => entry.Key, StringComparer.Ordinal);
        _errors = errors;
        Line = map.Line;
        Place = place;
    }

    /// <summary>Where the map begins.</summary>
    public int Line { get; }

    public string Place { get; }

    /// <summary>Every key that is there, in the order of the file, for maps whose keys are names.</summary>
    public IEnumerable<string> Names => _entries.Values.OrderBy(entry => entry.Line).Select(entry => entry.Key);

    /// <summary>Whether the key is there, with or without a value.</summary>
    public bool Has(string key) => _entries.ContainsKey(key);

    /// <summary>Null where the key is missing or has no value.</summary>
    public YamlNode? Take(string key)
    {
        _known.Add(key);
        return _entries.GetValueOrDefault(key)?.Value is { } node and not YamlNode.Scalar { Value: "", IsQuoted: false }
            ? node : null;
    }

    public YamlNode? Require(string key)
    {
        var node = Take(key);
        if (node is null)
        {
            _errors.Add(LineOf(key), $"key '{key}' is missing{In()}");
        }

        return node;
    }

    /// <summary>Null where it is missing (an error if required), or is no single value (an error).</summary>
    public YamlNode.Scalar? TakeScalar(string key, bool required = false)
        => Expect<YamlNode.Scalar>(key, required ? Require(key) : Take(key), "one value");

    public YamlKeys? TakeMap(string key, string place, bool required = false)
        => Expect<YamlNode.Map>(key, required ? Require(key) : Take(key), "keys and values") is { } map
            ? new YamlKeys(map, place, _errors) : null;

    /// <summary>A list of values, or one value for a list of one. Null where it is missing.</summary>
    public IReadOnlyList<YamlNode.Scalar>? TakeList(string key, int countMax)
    {
        switch (Take(key))
        {
            case null:
                return null;
            case YamlNode.Scalar single:
                return [single];
            case YamlNode.Sequence { Items: var items } list:
                return CheckList(key, list.Line, items, countMax);
            case var other:
                _errors.Add(other.Line, $"'{key}'{In()} is a list, found {other.Kind}");
                return null;
        }
    }

    public bool TakeBoolean(string key)
    {
        var scalar = TakeScalar(key);
        if (scalar is not (null or { Value: "true" or "false" }))
        {
            _errors.Add(scalar.Line, $"'{key}'{In()} is true or false, found '{scalar.Value}'");
        }

        return scalar?.Value == "true";
    }

    public double? TakeNumber(string key, double min, double max, bool required = false)
    {
        if (TakeScalar(key, required) is not { } scalar)
        {
            return null;
        }

        if (double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max)
        {
            return number;
        }

        _errors.Add(scalar.Line, string.Create(
            CultureInfo.InvariantCulture, $"'{key}'{In()} is a number from {min} to {max}, found '{scalar.Value}'"));
        return null;
    }

    /// <summary>Says which keys are unknown. Call it last.</summary>
    public void Finish()
    {
        foreach (var entry in _entries.Values.Where(entry => !_known.Contains(entry.Key)))
        {
            _errors.Add(entry.Line, $"unknown key '{entry.Key}'{In()}{NearestWord.Hint(entry.Key, _known)}");
        }
    }

    /// <summary>" in region 'beijing'", or nothing.</summary>
    public string In() => Place.Length == 0 ? "" : $" in {Place}";

    private int LineOf(string key) => _entries.GetValueOrDefault(key)?.Line ?? Line;

    private T? Expect<T>(string key, YamlNode? node, string expected)
        where T : YamlNode
    {
        if (node is not (null or T))
        {
            _errors.Add(node.Line, $"'{key}'{In()} is {expected}, found {node.Kind}");
        }

        return node as T;
    }

    private List<YamlNode.Scalar> CheckList(string key, int line, IReadOnlyList<YamlNode> items, int countMax)
    {
        if (items.Count == 0 || items.Count > countMax)
        {
            _errors.Add(line, $"'{key}'{In()} lists 1 to {countMax} values, found {items.Count}");
        }

        foreach (var wrong in items.Where(item => item is not YamlNode.Scalar { Value.Length: > 0 }))
        {
            _errors.Add(wrong.Line, $"'{key}'{In()} lists single values, found {wrong.Kind}");
        }

        return [.. items.OfType<YamlNode.Scalar>().Take(countMax)];
    }
}

/// <summary>The errors of one file.</summary>
internal sealed class YamlErrors(string file)
{
    private const int CountMax = 100;
    private const int MessageLengthCharsMax = 500;

    private readonly List<LocatedError> _errors = [];

    public bool Any => _errors.Count > 0;

    /// <summary>In the order of their lines; at most 100.</summary>
    public IReadOnlyList<LocatedError> Sorted => [.. _errors.OrderBy(error => error.Line).Take(CountMax)];

    /// <param name="message">May quote the file, which may hold anything: it becomes one line without control
    /// characters.</param>
    public void Add(int line, string message)
    {
        var end = Math.Min(message.Length, MessageLengthCharsMax);
        var clean = string.Concat(message[..end].Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        _errors.Add(new LocatedError(file, line, end < message.Length ? clean + "…" : clean));
    }

    public YamlNode.Map? ReadTree(string text) => YamlTree.Read(text, file, _errors);
}
