using Domicile.Accounts;
using Domicile.Proofs.Statements;

namespace Domicile.Ledger;

internal static class RegionClaims
{
    /// <summary>The four facts as a statement carries them.</summary>
    public static RegionClaim ToClaim(this RegionFacts facts)
        => new(
            facts.Name.Value, facts.Country.Code,
            new PartyClaim(facts.Operator.Name, facts.Operator.Country.Code),
            new PartyClaim(facts.Owner.Name, facts.Owner.Country.Code),
            new CustodianClaim(facts.Custodian.Kind, facts.Custodian.Country.Code));
}
