using System.Diagnostics.CodeAnalysis;
using Domicile.Proofs.Statements;

namespace Domicile.Proofs.Receipts;

public enum CheckOutcome
{
    Passed,
    Failed,

    /// <summary>There was nothing to check it with; the detail says what was missing.</summary>
    NotChecked,
}

/// <summary>One line of a verification, for people.</summary>
/// <param name="Name">Says what was checked; the same for every receipt.</param>
/// <param name="Detail">What was found.</param>
public sealed record ReceiptCheck(string Name, CheckOutcome Outcome, string Detail);

/// <summary>The outcome of verifying a receipt. A closed set.</summary>
public abstract record ReceiptVerification
{
    /// <summary>
    /// How far the clocks of source, target and control may disagree. Order itself is proven by hashes, not by clocks:
    /// this only catches times that can't be meant.
    /// </summary>
    public static readonly TimeSpan ClockDisagreementMax = TimeSpan.FromMinutes(5);

    private ReceiptVerification()
    {
    }

    /// <summary>The file is no receipt, so there is nothing to check.</summary>
    public sealed record Unreadable(string Reason) : ReceiptVerification;

    /// <summary>At least one check failed. Believe nothing of the receipt.</summary>
    public sealed record Refuted(IReadOnlyList<ReceiptCheck> Checks) : ReceiptVerification;

    /// <summary>Every check passed.</summary>
    /// <param name="LedgerIsTrusted">
    /// Whether the ledger's key is one that the caller brought. If not, the receipt agrees with itself, and that is all:
    /// anyone can make such a one with keys of their own.
    /// </param>
    public sealed record Proven(
        IReadOnlyList<ReceiptCheck> Checks, bool LedgerIsTrusted, Receipt Receipt, ReceiptStatements Statements)
        : ReceiptVerification;

    /// <summary>Verifies a receipt file. Offline and pure: the answer depends on the arguments alone.</summary>
    /// <param name="trustedLedgerKey">The ledger's key as the caller got it elsewhere; null to go without.</param>
    public static ReceiptVerification Verify(ReadOnlySpan<byte> file, PublicKey? trustedLedgerKey)
    {
        if (!Receipt.TryParse(file, out var receipt, out var problem)
            || !ReceiptStatements.TryRead(receipt, out var statements, out problem))
        {
            return new Unreadable(problem);
        }

        var checks = new ReceiptChecks(receipt, statements, trustedLedgerKey).Run();
        return checks.Any(check => check.Outcome == CheckOutcome.Failed)
            ? new Refuted(checks)
            : new Proven(checks, trustedLedgerKey is not null, receipt, statements);
    }
}

/// <summary>What the envelopes of a receipt say.</summary>
/// <param name="Reencryption">Null where the receipt has none.</param>
/// <param name="Subjects">Of departure, arrival, erasure and move, in this order; then of the reencryption.</param>
public sealed record ReceiptStatements(
    MoveDeparture Departure, MoveArrival Arrival, Erasure Erasure, Move Move, Reencryption? Reencryption,
    IReadOnlyList<Subject> Subjects)
{
    internal static bool TryRead(
        Receipt receipt, [NotNullWhen(true)] out ReceiptStatements? statements, out string problem)
    {
        statements = null;
        Statement? reencryption = null;
        if (!receipt.Departure.TryReadStatement(out var departure, out problem)
            || !receipt.Arrival.TryReadStatement(out var arrival, out problem)
            || !receipt.Erasure.TryReadStatement(out var erasure, out problem)
            || !receipt.Move.TryReadStatement(out var move, out problem)
            || (receipt.Reencryption is { } word && !word.TryReadStatement(out reencryption, out problem)))
        {
            return false;
        }

        Subject[] subjects = [departure.Subject, arrival.Subject, erasure.Subject, move.Subject];
        statements = (departure.Predicate, arrival.Predicate, erasure.Predicate, move.Predicate, reencryption?.Predicate) switch
        {
            (MoveDeparture d, MoveArrival a, Erasure e, Move m, null) => new ReceiptStatements(d, a, e, m, null, subjects),
            (MoveDeparture d, MoveArrival a, Erasure e, Move m, Reencryption r)
                => new ReceiptStatements(d, a, e, m, r, [.. subjects, reencryption!.Subject]),
            _ => null,
        };
        problem = statements is null ? "a statement is not of the kind that its place in the receipt asks for" : "";
        return statements is not null;
    }
}
