using Domicile.Proofs;
using Domicile.Proofs.Receipts;

namespace Domicile.Cli.Verbs;

/// <summary>Checks a receipt with nothing but Domicile.Proofs: no network, no deployment.</summary>
internal static class OfflineReceipt
{
    /// <param name="file">As it is named in the answer.</param>
    /// <param name="trustedKeyPem">The ledger's key as the caller got it elsewhere; null to go without.</param>
    public static VerifiedDocument Check(string file, ReadOnlySpan<byte> receipt, string? trustedKeyPem)
        => ReceiptVerification.Verify(receipt, Key(trustedKeyPem)) switch
        {
            ReceiptVerification.Unreadable unreadable
                => new VerifiedDocument(file, false, false, [new VerifiedCheck("the file is a receipt", "failed", unreadable.Reason)]),
            ReceiptVerification.Refuted refuted => new VerifiedDocument(file, false, false, Lines(refuted.Checks)),
            ReceiptVerification.Proven proven => new VerifiedDocument(file, true, proven.LedgerIsTrusted, Lines(proven.Checks)),
            _ => throw new InvalidOperationException("An outcome of a verification that nobody has named."),
        };

    private static PublicKey? Key(string? pem)
    {
        if (pem is null)
        {
            return null;
        }

        return PublicKey.TryFromPem(pem, out var key) ? key
            : throw new VerbFailedException("--key is not the PEM of a P-256 public key", "`domicile ledger checkpoint` prints one");
    }

    private static List<VerifiedCheck> Lines(IReadOnlyList<ReceiptCheck> checks)
        => [.. checks.Select(check => new VerifiedCheck(check.Name, Word(check.Outcome), check.Detail))];

    private static string Word(CheckOutcome outcome)
        => outcome switch
        {
            CheckOutcome.Passed => "passed",
            CheckOutcome.Failed => "failed",
            _ => "not checked",
        };
}
