namespace Domicile.Cli.Verbs;

/// <summary>Checks a receipt with nothing but Domicile.Proofs: no network, no deployment.</summary>
internal static class OfflineReceipt
{
    /// <param name="keyPem">The key that must have signed; null: those that the receipt carries.</param>
    public static IReadOnlyList<VerifiedCheck> Check(ReadOnlySpan<byte> receipt, string? keyPem)
        => [new VerifiedCheck("receipt", false, "cannot be read yet")];
}
