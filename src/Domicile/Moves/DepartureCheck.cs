using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;

namespace Domicile.Moves;

/// <summary>
/// Whether the source's word on what it held can become a receipt: asked while the move can still go back. What the target
/// and the erasure add later is compared with it.
/// </summary>
internal static class DepartureCheck
{
    /// <param name="source">The key that the source was enrolled with.</param>
    /// <param name="from">What control knows of the source.</param>
    /// <param name="now">Control's clock.</param>
    /// <returns>Why not; null if it can.</returns>
    public static string? TroubleOf(Move move, byte[] statement, PublicKey source, RegionClaim from, DateTimeOffset now)
    {
        if (!DsseEnvelope.TryParse(statement, out var envelope, out var problem)
            || !envelope.TryReadStatement(out var read, out problem))
        {
            return $"What {move.Source} said of its departure can't be read: {problem}";
        }

        if (!envelope.IsSignedBy(source))
        {
            return $"Region {move.Source} did not sign its departure with the key that it was enrolled with. 'domicile doctor' says more.";
        }

        var isOfMove = read.Subject == Subject.Account(move.Account.Value, move.Salt)
            && read.Predicate is MoveDeparture said
            && said.MoveId == move.Id && said.To == move.Target.Value && said.Epoch == move.Epoch
            && said.FinalSeq == move.FinalSeq && said.SetDigest == RegionContext.Sha256Hex(move.Digest);
        if (!isOfMove)
        {
            return $"Region {move.Source} signed a departure that is not of this move.";
        }

        var departure = (MoveDeparture)read.Predicate;
        return RegionContext.TroubleOf(departure.Region, from) ?? TroubleOfTimes(move, departure, now);
    }

    // The receipt compares each time with the one before it: no step back may be longer than it allows.
    private static string? TroubleOfTimes(Move move, MoveDeparture departure, DateTimeOffset now)
    {
        var longest = ReceiptVerification.ClockDisagreementMax;
        return move.RequestedAt - departure.SealedAt > longest || departure.SealedAt - departure.DepartedAt > longest
            || departure.DepartedAt - now > MoveLimits.ClockDifferenceMax
            ? $"Region {move.Source} sealed at {departure.SealedAt:u} and departed at {departure.DepartedAt:u}, by control's clock the "
                + $"move was asked for at {move.RequestedAt:u} and it is {now:u}. Set both clocks (NTP), then ask for the move again."
            : null;
    }
}
