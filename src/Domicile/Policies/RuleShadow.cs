using Domicile.Accounts;

namespace Domicile.Policies;

/// <summary>
/// Finds rules that never decide. It never blames a rule that does; a rule that only a mixture of many earlier ones
/// covers by organisation may go unseen where those leave organisation open.
/// </summary>
internal static class RuleShadow
{
    /// <summary>A longer list counts as "whatever there is": the work grows with the product of the lists.</summary>
    private const int ValuesMax = 16;

    private static readonly IReadOnlyList<Country> AllCountries = [.. IsoCountries.Codes.Select(Country.Parse)];

    /// <summary>
    /// Earlier rules that together decide all that rule <paramref name="index"/> is about; empty: they don't.
    /// </summary>
    public static IReadOnlyList<PolicyRule> Find(IReadOnlyList<PolicyRule> rules, int index)
    {
        var when = rules[index].When;
        var used = new SortedSet<int>();
        foreach (var category in Values(when.Categories))
        {
            foreach (var organisation in Values(when.Organisations))
            {
                if (!Cover(rules, index, organisation, category, used))
                {
                    return [];
                }
            }
        }

        return [.. used.Select(number => rules[number])];
    }

    /// <summary>Each value, or null for "whatever else there is", where the rule names none.</summary>
    private static IEnumerable<string?> Values(IReadOnlySet<string>? named)
        => named is { Count: <= ValuesMax } ? named : [null];

    private static bool Cover(
        IReadOnlyList<PolicyRule> rules, int index, string? organisation, string? category, SortedSet<int> used)
    {
        var open = new HashSet<Country>(rules[index].When.Residences ?? (IEnumerable<Country>)AllCountries);
        for (var number = 0; number < index && open.Count > 0; number++)
        {
            var when = rules[number].When;
            if (!Includes(when.Organisations, organisation) || !Includes(when.Categories, category))
            {
                continue;
            }

            var before = open.Count;
            open.ExceptWith(when.Residences ?? (IEnumerable<Country>)AllCountries);
            if (open.Count < before)
            {
                used.Add(number);
            }
        }

        return open.Count == 0;
    }

    private static bool Includes(IReadOnlySet<string>? named, string? value)
        => named is null || (value is not null && named.Contains(value));
}
