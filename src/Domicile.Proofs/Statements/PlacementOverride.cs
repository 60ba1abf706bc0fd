namespace Domicile.Proofs.Statements;

/// <summary>Control states that an account was put, by an operator's decision, where its policy does not want it.</summary>
/// <param name="By">Label of the operator.</param>
public sealed record PlacementOverride(
    RegionClaim Region, long PolicyVersion, string Reason, DateTimeOffset At, string By) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "placement-override/v1";

    internal override string? Problem()
        => Region.Problem()
            ?? Field.Count("policy version", PolicyVersion)
            ?? Field.Reason("reason", Reason)
            ?? Field.Name("operator's label", By);
}
