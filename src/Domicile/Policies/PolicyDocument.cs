namespace Domicile.Policies;

/// <summary>A policy on its way from control to the regions, which read the text themselves.</summary>
/// <param name="Sha256">See <see cref="Policy.Sha256"/>.</param>
internal sealed record PolicyDocument(long Revision, string Text, string Sha256)
{
    public static PolicyDocument Of(Policy policy) => new(policy.Revision, policy.Text, policy.Sha256);

    /// <summary>Reads the text after checking that it is the text that was meant.</summary>
    public PolicyResult Read() => throw new NotImplementedException();
}
