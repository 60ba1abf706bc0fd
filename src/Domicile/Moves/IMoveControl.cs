using System.Diagnostics.CodeAnalysis;
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

    /// <summary>Whether what the region signs now could stand in a receipt: with the key and the facts that control knows.</summary>
    /// <returns>Why not; null if it could.</returns>
    Task<string?> FindTroubleAsync(RegionName region, RegionStatus status, CancellationToken cancellationToken);

    /// <inheritdoc cref="DepartureCheck"/>
    /// <returns>Why not; null if it can.</returns>
    Task<string?> FindTroubleAsync(Move move, byte[] departure, CancellationToken cancellationToken);

    /// <summary>
    /// Puts the receipt of a finished move into the ledger, once per move: a repetition returns the same index.
    /// </summary>
    Task<ReceiptOutcome> AppendReceiptAsync(Move move, CancellationToken cancellationToken);
}

/// <summary>The receipt's index in the ledger, or why what was signed makes none.</summary>
internal sealed record ReceiptOutcome
{
    private readonly long _index;
    private readonly string? _reason;

    private ReceiptOutcome(long index, string? reason) => (_index, _reason) = (index, reason);

    public static ReceiptOutcome At(long index) => new(index, null);

    public static ReceiptOutcome None(string reason) => new(0, reason);

    public bool Is(out long index, [NotNullWhen(false)] out string? reason)
    {
        (index, reason) = (_index, _reason);
        return reason is null;
    }
}

/// <param name="Reason">Why not, where it is not permitted; else the rule that permits it.</param>
internal sealed record MovePermission(bool IsPermitted, string Reason, long PolicyRevision);
