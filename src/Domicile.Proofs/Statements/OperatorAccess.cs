namespace Domicile.Proofs.Statements;

/// <summary>Control states that an operator looked at an account or acted on it.</summary>
/// <param name="Region">Name of the region.</param>
/// <param name="By">Label of the operator.</param>
/// <param name="Action">What was done, in a word or two.</param>
public sealed record OperatorAccess(string Region, string By, string Action, string Reason, DateTimeOffset At) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "operator-access/v1";

    internal override string? Problem()
        => Field.Name("region name", Region)
            ?? Field.Name("operator's label", By)
            ?? Field.Name("action", Action)
            ?? Field.Reason("reason", Reason);
}
