using System.Text.Json.Serialization;

namespace Domicile.Accounts;

/// <summary>A company or person and the country whose law can compel it.</summary>
internal sealed record Party(string Name, Country Country);

/// <summary>Who holds the keys that wrap the accounts' keys, and under which law.</summary>
/// <param name="Kind"><c>local</c>: a key ring in the region's own data directory.</param>
internal sealed record CustodianFacts(string Kind, Country Country);

/// <summary>
/// The four facts of a region. They are its operator's word: Domicile states them in receipts and cannot prove them.
/// </summary>
internal sealed record RegionFacts(
    RegionName Name, Country Country, Party Operator, Party Owner, CustodianFacts Custodian)
{
    /// <summary>Where in its country it is, for "nearest"; null: take the country's middle.</summary>
    public Coordinates? Coordinates { get; init; }

    /// <summary>The countries that can compel access to what lies here: location, operator, owner and custodian.</summary>
    [JsonIgnore]
    public IReadOnlySet<Country> Exposure
        => new SortedSet<Country> { Country, Operator.Country, Owner.Country, Custodian.Country };
}

/// <summary>What policy needs to know of an account, and all that it may know.</summary>
/// <param name="Residence">ISO 3166-1 country of the data subject.</param>
/// <param name="Organisation">The organisation that the account belongs to, if any; at most 128 characters.</param>
internal sealed record AccountProfile(AccountId Id, Country Residence, string? Organisation);
