using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Policies;

/// <summary>Reads the text of a policy.yaml. One reader per text: it collects the errors.</summary>
internal sealed partial class PolicyReader
{
    private const int ListCountMax = 1000;
    private const int ReplicasMax = 10;
    private const int OrganisationLengthCharsMax = 128;
    private const int RetainDaysMax = 36_500;
    private const double CoarsenMetresMax = 1_000_000;
    private const string Any = "*";
    private const string Nearest = "nearest";

    private readonly IReadOnlyCollection<RegionName>? _regions;
    private readonly YamlErrors _errors;

    private PolicyReader(string file, IReadOnlyCollection<RegionName>? regions)
        => (_errors, _regions) = (new YamlErrors(file), regions);

    public static PolicyResult Read(string text, string file, IReadOnlyCollection<RegionName>? regions)
        => new PolicyReader(file, regions).Read(text);

    private PolicyResult Read(string text)
    {
        var rules = _errors.ReadTree(text) is { } root ? ReadRoot(new YamlKeys(root, "", _errors)) : [];
        if (_errors.Any)
        {
            return new PolicyResult.Invalid(_errors.Sorted);
        }

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return new PolicyResult.Ok(new Policy(rules, Revision: 0, text, sha256));
    }

    private List<PolicyRule> ReadRoot(YamlKeys keys)
    {
        if (keys.TakeScalar("version", required: true) is { } version && version.Value != "1")
        {
            _errors.Add(version.Line, $"unknown version '{version.Value}'; this program reads version "
                + $"{Policy.Version}");
        }

        var node = keys.Require("rules");
        keys.Finish();
        if (node is not (null or YamlNode.Sequence { Items.Count: > 0 and <= Policy.RulesMax }))
        {
            _errors.Add(node.Line, $"'rules' lists 1 to {Policy.RulesMax} rules");
        }

        var rules = new List<PolicyRule>();
        foreach (var item in (node as YamlNode.Sequence)?.Items.Take(Policy.RulesMax) ?? [])
        {
            if (ReadRule(item, rules) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return rules;
    }

    private PolicyRule? ReadRule(YamlNode node, List<PolicyRule> before)
    {
        if (node is not YamlNode.Map map)
        {
            _errors.Add(node.Line, $"a rule is keys and values, found {node.Kind}");
            return null;
        }

        var name = ReadName(map, before);
        var keys = new YamlKeys(map, $"rule '{name}'", _errors);
        keys.Take("name");
        var when = keys.TakeMap("when", $"'when' of rule '{name}'", required: true);
        var rule = new PolicyRule
        {
            Name = name,
            Line = map.Line,
            When = when is null ? new RuleMatch(null, null, null) : ReadWhen(when),
            Allow = ReadAllow(keys, out var allowsAll),
            Avoid = ReadAvoid(keys),
            Prefer = ReadPrefer(keys),
            Because = keys.TakeScalar("because")?.Value,
            SealedRequired = ReadWord(keys, "sealed", ["required"]) is not null,
            Transit = ReadTransit(keys),
            Retain = ReadRetain(keys),
            CoarsenMetres = ReadCoarsen(keys),
            Replicas = ReadReplicas(keys),
        };
        keys.Finish();
        if (rule is { Allow: null, Avoid: null } && !allowsAll && !keys.Has("allow") && !keys.Has("avoid"))
        {
            _errors.Add(rule.Line, $"rule '{name}' neither allows nor avoids anything; write allow: \"*\" if it "
                + "permits every region");
        }

        return rule;
    }

    private string ReadName(YamlNode.Map map, List<PolicyRule> before)
    {
        var node = map.Entries.FirstOrDefault(entry => entry.Key == "name")?.Value;
        if (node is not YamlNode.Scalar { Value: { Length: > 0 and <= PolicyRule.NameLengthCharsMax } name }
            || name.Any(char.IsControl))
        {
            _errors.Add(
                node?.Line ?? map.Line,
                $"rule {before.Count + 1} has no name: 'name' is one line of at most "
                    + $"{PolicyRule.NameLengthCharsMax} characters");
            return $"{before.Count + 1}";
        }

        if (before.Find(rule => rule.Name == name) is { } other)
        {
            _errors.Add(node.Line, $"two rules are called '{name}', the other in line {other.Line}; receipts name "
                + "rules");
        }

        return name;
    }

    private RuleMatch ReadWhen(YamlKeys keys)
    {
        var residences = ReadSet(keys, "residence", ReadCountry);
        var organisations = ReadSet(keys, "organisation", ReadOrganisation);
        var categories = ReadSet(keys, "category", ReadCategory);
        keys.Finish();
        return new RuleMatch(residences, organisations, categories);
    }

    /// <summary>Null: nothing is said, or everything is allowed.</summary>
    private AllowedPlaces? ReadAllow(YamlKeys keys, out bool allowsAll)
    {
        var node = keys.Take("allow");
        allowsAll = node is YamlNode.Scalar { Value: Any };
        if (node is null || allowsAll)
        {
            return null;
        }

        if (node is not YamlNode.Map map)
        {
            _errors.Add(node.Line, $"'allow'{keys.In()} is {{ regions: [...] }}, {{ countries: [...] }} or \"*\", "
                + $"found {node.Kind}");
            return null;
        }

        var allow = new YamlKeys(map, $"'allow' of {keys.Place}", _errors);
        var regions = ReadSet(allow, "regions", ReadRegion, canBeAny: false);
        var countries = ReadSet(allow, "countries", ReadCountry, canBeAny: false);
        allow.Finish();
        if (!allow.Has("regions") && !allow.Has("countries"))
        {
            _errors.Add(map.Line, $"'allow'{keys.In()} names no regions and no countries");
        }

        return new AllowedPlaces(regions ?? [], countries ?? []);
    }

    private AvoidedExposure? ReadAvoid(YamlKeys keys)
    {
        if (keys.TakeMap("avoid", $"'avoid' of {keys.Place}") is not { } avoid)
        {
            return null;
        }

        var countries = ReadSet(avoid, "exposure", ReadCountry, canBeAny: false);
        var by = ReadSet(avoid, "by", ReadFact, canBeAny: false);
        avoid.Finish();
        if (!avoid.Has("exposure"))
        {
            _errors.Add(avoid.Line, $"key 'exposure' is missing{avoid.In()}");
        }

        return new AvoidedExposure(
            countries ?? [], by ?? [.. Enum.GetValues<ExposureFact>()]);
    }

    private List<PreferredPlace> ReadPrefer(YamlKeys keys)
    {
        var places = new List<PreferredPlace>();
        foreach (var scalar in keys.TakeList("prefer", ListCountMax) ?? [])
        {
            if (scalar.Value == Nearest)
            {
                places.Add(new PreferredPlace(null));
            }
            else if (ReadRegion(scalar, keys.In()) is { } region)
            {
                places.Add(new PreferredPlace(region));
            }
        }

        return places;
    }

    /// <summary>Null: missing, or <c>"*"</c>.</summary>
    private static HashSet<T>? ReadSet<T>(
        YamlKeys keys, string key, Func<YamlNode.Scalar, string, T?> read, bool canBeAny = true)
        where T : struct
        => ReadScalars(keys, key, canBeAny) is { } scalars
            ? [.. scalars.Select(scalar => read(scalar, keys.In())).OfType<T>()] : null;

    private static HashSet<string>? ReadSet(YamlKeys keys, string key, Func<YamlNode.Scalar, string, string?> read)
        => ReadScalars(keys, key, canBeAny: true) is { } scalars
            ? scalars.Select(scalar => read(scalar, keys.In())).OfType<string>().ToHashSet(StringComparer.Ordinal)
            : null;

    private static IReadOnlyList<YamlNode.Scalar>? ReadScalars(YamlKeys keys, string key, bool canBeAny)
        => keys.TakeList(key, ListCountMax) is { } scalars && !(canBeAny && scalars is [{ Value: Any }])
            ? scalars : null;

    private Country? ReadCountry(YamlNode.Scalar scalar, string place)
    {
        if (Country.TryParse(scalar.Value, out var country))
        {
            return country;
        }

        _errors.Add(scalar.Line, CountryWord.Unknown(scalar.Value, place));
        return null;
    }

    private RegionName? ReadRegion(YamlNode.Scalar scalar, string place)
    {
        if (RegionName.TryParse(scalar.Value, out var name) && (_regions is null || _regions.Contains(name)))
        {
            return name;
        }

        string[] known = [.. _regions?.Select(region => region.Value) ?? [], Nearest];
        _errors.Add(scalar.Line, $"unknown region '{scalar.Value}'{place}{NearestWord.Hint(scalar.Value, known)}");
        return null;
    }

    private string? ReadOrganisation(YamlNode.Scalar scalar, string place)
    {
        if (scalar.Value.Length <= OrganisationLengthCharsMax)
        {
            return scalar.Value;
        }

        _errors.Add(scalar.Line, $"an organisation's name{place} is longer than {OrganisationLengthCharsMax} "
            + "characters");
        return null;
    }

    private string? ReadCategory(YamlNode.Scalar scalar, string place)
    {
        if (Category.IsValid(scalar.Value))
        {
            return scalar.Value;
        }

        _errors.Add(scalar.Line, $"a category{place} is a letter, then at most 62 more of a-z, 0-9 and '-', found "
            + $"'{scalar.Value}'");
        return null;
    }

    private ExposureFact? ReadFact(YamlNode.Scalar scalar, string place)
    {
        foreach (var fact in Enum.GetValues<ExposureFact>())
        {
            if (scalar.Value == fact.Word())
            {
                return fact;
            }
        }

        string[] known = [.. Enum.GetValues<ExposureFact>().Select(fact => fact.Word())];
        _errors.Add(scalar.Line, $"unknown fact '{scalar.Value}'{place}{NearestWord.Hint(scalar.Value, known)}");
        return null;
    }

    private Transit ReadTransit(YamlKeys keys)
        => ReadWord(keys, "transit", ["permitted", "forward", "refuse"]) switch
        {
            "forward" => Transit.Forward,
            "refuse" => Transit.Refuse,
            _ => Transit.Permitted,
        };

    private string? ReadWord(YamlKeys keys, string key, string[] words)
    {
        var scalar = keys.TakeScalar(key);
        if (scalar is not null && !words.Contains(scalar.Value))
        {
            _errors.Add(scalar.Line, $"unknown value '{scalar.Value}' of "
                + $"'{key}'{keys.In()}{NearestWord.Hint(scalar.Value, words)}");
        }

        return scalar?.Value;
    }

    private TimeSpan? ReadRetain(YamlKeys keys)
    {
        var scalar = keys.TakeScalar("retain");
        if (ReadQuantity(scalar, RetainForm()) is not var (count, unit))
        {
            Complain(scalar, $"'retain'{keys.In()} is a time such as 30d or 12h");
            return null;
        }

        var days = unit == "h" ? count / 24 : count;
        if (days is <= 0 or > RetainDaysMax)
        {
            Complain(scalar, $"'retain'{keys.In()} is more than nothing and at most {RetainDaysMax}d");
            return null;
        }

        return TimeSpan.FromDays(days);
    }

    private double? ReadCoarsen(YamlKeys keys)
    {
        var scalar = keys.TakeScalar("coarsen");
        if (ReadQuantity(scalar, CoarsenForm()) is not var (count, unit))
        {
            Complain(scalar, $"'coarsen'{keys.In()} is a distance such as 1km or 500m");
            return null;
        }

        var metres = unit == "km" ? count * 1000 : count;
        if (metres is <= 0 or > CoarsenMetresMax)
        {
            Complain(scalar, $"'coarsen'{keys.In()} is more than nothing and at most {CoarsenMetresMax / 1000}km");
            return null;
        }

        return metres;
    }

    private static (double Count, string Unit)? ReadQuantity(YamlNode.Scalar? scalar, Regex form)
        => scalar is not null && form.Match(scalar.Value) is { Success: true } match
            ? (double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value)
            : null;

    private void Complain(YamlNode.Scalar? scalar, string expected)
    {
        if (scalar is not null)
        {
            _errors.Add(scalar.Line, $"{expected}, found '{scalar.Value}'");
        }
    }

    private int ReadReplicas(YamlKeys keys)
    {
        var number = keys.TakeNumber("replicas", 0, ReplicasMax);
        if (number is { } fraction && fraction != Math.Floor(fraction))
        {
            _errors.Add(keys.Line, $"'replicas'{keys.In()} is a whole number");
        }

        return (int)(number ?? 0);
    }

    [GeneratedRegex(@"\A([0-9]{1,9})(d|h)\z")]
    private static partial Regex RetainForm();

    [GeneratedRegex(@"\A([0-9]{1,9}(?:\.[0-9]{1,3})?)(m|km)\z")]
    private static partial Regex CoarsenForm();
}
