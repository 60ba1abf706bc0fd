using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>
/// What the move runner needs of the rest of control: the directory, the policy, and the ledger. In production Control's
/// database; in the simulator the same over a simulated one.
/// </summary>
internal interface IMoveControl
{
    IRegionPeer Region(RegionName name);

    /// <summary>Whether the policy now in force permits the move's target, and its revision.</summary>
    MovePermission Permit(Move move);

    /// <summary>Compare-and-set: takes the entry if its epoch is newer, and nothing else. Durable at return.</summary>
    Task SetHomeAsync(AccountId account, RegionName home, long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Puts the receipt of a finished move into the ledger, once per move: a repetition returns the same index.
    /// </summary>
    Task<long> AppendReceiptAsync(Move move, CancellationToken cancellationToken);
}

/// <param name="Reason">Why not, where it is not permitted; else the rule that permits it.</param>
internal sealed record MovePermission(bool IsPermitted, string Reason, long PolicyRevision);
