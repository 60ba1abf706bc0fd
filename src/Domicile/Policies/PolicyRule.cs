using Domicile.Accounts;

namespace Domicile.Policies;

/// <summary>One rule of a policy.</summary>
internal sealed record PolicyRule
{
    public const int NameLengthCharsMax = 200;

    public required string Name { get; init; }

    /// <summary>Where in the file the rule begins, from 1.</summary>
    public required int Line { get; init; }

    public required RuleMatch When { get; init; }

    /// <summary>Null: everywhere that <see cref="Avoid"/> leaves.</summary>
    public AllowedPlaces? Allow { get; init; }

    public AvoidedExposure? Avoid { get; init; }

    /// <summary>In order; empty means nearest.</summary>
    public IReadOnlyList<PreferredPlace> Prefer { get; init; } = [];

    /// <summary>The law or contract, for people and receipts.</summary>
    public string? Because { get; init; }

    public Transit Transit { get; init; }

    /// <summary>Only content that the client encrypted is taken.</summary>
    public bool SealedRequired { get; init; }

    /// <summary>How long data is kept; null: until it is deleted.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>To how many metres positions are rounded; null: not.</summary>
    public double? CoarsenMetres { get; init; }

    /// <summary>Copies in further permitted regions; 0: only the home's.</summary>
    public int Replicas { get; init; }

    /// <summary>Why the rule does not permit the region; null: it does.</summary>
    public string? Objection(RegionFacts region)
    {
        if (Allow is not null && !Allow.Regions.Contains(region.Name) && !Allow.Countries.Contains(region.Country))
        {
            return $"rule '{Name}' allows {Allow}; {region.Name} is in {region.Country}";
        }

        if (Avoid is null)
        {
            return null;
        }

        var hits = Avoid.By.Order().Where(fact => Avoid.Countries.Contains(fact.CountryOf(region)))
            .Select(fact => $"its {fact.Word()} is {fact.CountryOf(region)}");
        var found = string.Join(", ", hits);
        return found.Length == 0 ? null : $"rule '{Name}' avoids {Avoid}; {region.Name}: {found}";
    }
}

/// <summary>What a rule is about. Null stands for any.</summary>
internal sealed record RuleMatch(
    IReadOnlySet<Country>? Residences, IReadOnlySet<string>? Organisations, IReadOnlySet<string>? Categories)
{
    public bool Matches(AccountProfile profile, string category)
        => (Residences is null || Residences.Contains(profile.Residence))
            && (Organisations is null || Names(Organisations, profile.Organisation))
            && (Categories is null || Categories.Contains(category));

    /// <summary>Why the rule is not about this, in words; null: it is.</summary>
    public string? Mismatch(AccountProfile profile, string category)
    {
        if (Residences is not null && !Residences.Contains(profile.Residence))
        {
            return $"residence {profile.Residence} is not in {Words.List(Residences)}";
        }

        if (Organisations is not null && !Names(Organisations, profile.Organisation))
        {
            return $"{Words.Organisation(profile.Organisation)} is not in {Words.List(Organisations)}";
        }

        return Categories is not null && !Categories.Contains(category)
            ? $"{Words.Category(category)} is not in {Words.List(Categories)}" : null;
    }

    private static bool Names(IReadOnlySet<string> organisations, string? organisation)
        => organisation is not null && organisations.Contains(organisation);
}

/// <summary>
/// A region is allowed if its name or its country is named; <c>allow: "*"</c> is no AllowedPlaces at all.
/// </summary>
internal sealed record AllowedPlaces(IReadOnlySet<RegionName> Regions, IReadOnlySet<Country> Countries)
{
    public override string ToString()
        => Regions.Count == 0 ? $"countries {Words.List(Countries)}"
            : Countries.Count == 0 ? $"regions {Words.List(Regions)}"
            : $"regions {Words.List(Regions)} and countries {Words.List(Countries)}";
}

/// <summary>No region that any of these countries can compel, by any of these facts.</summary>
internal sealed record AvoidedExposure(IReadOnlySet<Country> Countries, IReadOnlySet<ExposureFact> By)
{
    public override string ToString()
        => $"exposure to {Words.List(Countries)} by {string.Join(", ", By.Order().Select(fact => fact.Word()))}";
}

/// <summary>The four ways in which a country has power over a region.</summary>
internal enum ExposureFact
{
    Location,
    Operator,
    Owner,
    Custodian,
}

/// <summary>A region's name, or null for "nearest to the residence".</summary>
internal readonly record struct PreferredPlace(RegionName? Region);

/// <summary>Whether requests may pass through a region that isn't the home.</summary>
internal enum Transit
{
    /// <summary>Only through regions that the rule permits; elsewhere 307.</summary>
    Permitted,

    /// <summary>Through any region of the deployment.</summary>
    Forward,

    /// <summary>Only at the home; elsewhere 403.</summary>
    Refuse,
}
