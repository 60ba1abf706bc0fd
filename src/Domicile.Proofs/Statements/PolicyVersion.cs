namespace Domicile.Proofs.Statements;

/// <summary>Control states that a policy is in force. The subject is the policy file, by its SHA-256.</summary>
/// <param name="Version">Counts the policies of a deployment.</param>
/// <param name="By">Who put it in force: a label of an operator, never a person's e-mail address.</param>
public sealed record PolicyVersion(long Version, DateTimeOffset InForceAt, string By) : Predicate(TypeUri)
{
    public const string TypeUri = TypePrefix + "policy/v1";

    internal override string? Problem() => Field.Count("version", Version) ?? Field.Name("operator's label", By);
}
