namespace Domicile.Proofs.Statements;

/// <summary>
/// The four facts of a region as its operator states them: a claim, which nothing here can prove. Countries by ISO
/// 3166-1 alpha-2.
/// </summary>
/// <param name="Country">Where the machines stand.</param>
/// <param name="Operator">Who runs the machines.</param>
/// <param name="Owner">Who has the contract.</param>
public sealed record RegionClaim(
    string Name, string Country, PartyClaim Operator, PartyClaim Owner, CustodianClaim Custodian)
{
    internal string? Problem()
        => Field.Name("region name", Name)
            ?? Field.Country("region country", Country)
            ?? Field.Name("operator name", Operator.Name)
            ?? Field.Country("operator country", Operator.Country)
            ?? Field.Name("owner name", Owner.Name)
            ?? Field.Country("owner country", Owner.Country)
            ?? Field.Name("custodian kind", Custodian.Kind)
            ?? Field.Country("custodian country", Custodian.Country);
}

/// <summary>A company or person and the country whose law can compel it.</summary>
public sealed record PartyClaim(string Name, string Country);

/// <summary>Who holds the keys that wrap the accounts' keys.</summary>
public sealed record CustodianClaim(string Kind, string Country);
