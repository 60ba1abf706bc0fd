using Domicile.Deployments;

namespace Domicile.Policies;

/// <summary>A policy on its way from control to the regions, which read the text themselves.</summary>
/// <param name="Sha256">See <see cref="Policy.Sha256"/>.</param>
internal sealed record PolicyDocument(long Revision, string Text, string Sha256)
{
    public static PolicyDocument Of(Policy policy) => new(policy.Revision, policy.Text, policy.Sha256);

    /// <summary>Reads the text after checking that it is the text that was meant.</summary>
    public PolicyResult Read()
        => Policy.Parse(Text, $"policy revision {Revision}") switch
        {
            PolicyResult.Ok { Policy: var policy } when policy.Sha256 != Sha256 => new PolicyResult.Invalid(
                [new LocatedError($"policy revision {Revision}", 1,
                    $"the text has SHA-256 {policy.Sha256}, not {Sha256} as stated")]),
            PolicyResult.Ok ok => new PolicyResult.Ok(ok.Policy with { Revision = Revision }),
            var invalid => invalid,
        };
}
