using Domicile.Accounts;

namespace Domicile.Policies;

/// <summary>What <c>policy check</c> says of a policy that reads without error.</summary>
internal static class PolicyCheck
{
    /// <summary>In the order of lines: rules that never decide, rules without a region, residences that end denied.</summary>
    public static IReadOnlyList<PolicyFinding> Run(Policy policy, IReadOnlyList<RegionFacts> regions)
        => throw new NotImplementedException();
}

/// <param name="Line">In the policy's file; 1 where it is about the whole.</param>
internal sealed record PolicyFinding(FindingKind Kind, int Line, string Message);

internal enum FindingKind
{
    /// <summary>For information, such as a key that doesn't act yet.</summary>
    Note,

    /// <summary>Probably not what was meant.</summary>
    Warning,
}
