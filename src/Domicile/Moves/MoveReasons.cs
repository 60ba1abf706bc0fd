namespace Domicile.Moves;

/// <summary>Reasons that the code itself looks at; all others are for people.</summary>
internal static class MoveReasons
{
    /// <summary>What arrived is not what was sent. Both sides are kept for inspection.</summary>
    public const string DigestsDiffer = "The set digests of source and target differ.";
}
