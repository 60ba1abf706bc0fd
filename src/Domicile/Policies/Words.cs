using Domicile.Accounts;

namespace Domicile.Policies;

/// <summary>How policy speaks of things, in files and in reasons.</summary>
internal static class Words
{
    private const int ListCountMax = 10;

    /// <summary>In a fixed order; a long list is cut, and says so.</summary>
    public static string List<T>(IReadOnlyCollection<T> items)
        where T : notnull
    {
        var texts = items.Select(item => item.ToString()!).Order(StringComparer.Ordinal).Take(ListCountMax);
        return string.Join(", ", texts) + (items.Count > ListCountMax ? $" and {items.Count - ListCountMax} more" : "");
    }

    public static string Organisation(string? organisation)
        => organisation is null ? "an account without organisation" : $"organisation '{organisation}'";

    public static string Category(string category)
        => category == Policies.Category.None ? "data without category" : $"category {category}";

    /// <summary>As in policy.yaml's <c>by</c>.</summary>
    public static string Word(this ExposureFact fact) => fact switch
    {
        ExposureFact.Location => "location",
        ExposureFact.Operator => "operator",
        ExposureFact.Owner => "owner",
        _ => "custodian",
    };

    public static Country CountryOf(this ExposureFact fact, RegionFacts region) => fact switch
    {
        ExposureFact.Location => region.Country,
        ExposureFact.Operator => region.Operator.Country,
        ExposureFact.Owner => region.Owner.Country,
        _ => region.Custodian.Country,
    };
}
