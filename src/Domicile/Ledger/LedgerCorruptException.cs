namespace Domicile.Ledger;

/// <summary>
/// The ledger's tables no longer hold what its own checkpoints say they held: rows were changed, lost, or restored from
/// an older copy. Nothing is signed from here on, for a signature would be a fork.
/// </summary>
internal sealed class LedgerCorruptException(string what)
    : Exception($"The ledger can't be used: {what}. Restore its database from a copy that is not older than its last "
        + "checkpoint; don't delete the checkpoint.");
