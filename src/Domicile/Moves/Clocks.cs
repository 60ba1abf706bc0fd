using System.Globalization;
using Domicile.Accounts;
using Domicile.Proofs.Statements;

namespace Domicile.Moves;

/// <summary>
/// Clocks decide nothing in a move: order is proven by hashes. But statements tell times, and a receipt whose times can't be
/// meant is refuted (docs/formats/receipt.md). So clocks are compared while a move can still wait or go back.
/// </summary>
internal static class Clocks
{
    /// <summary>How far a region's clock is ahead of control's (behind: below zero), at least.</summary>
    /// <param name="there">What the region said, at some time between the other two.</param>
    /// <param name="before">Control's, before it asked.</param>
    /// <param name="after">Control's, when it had the answer.</param>
    public static TimeSpan Ahead(DateTimeOffset there, DateTimeOffset before, DateTimeOffset after)
        => there < before ? there - before : there > after ? there - after : TimeSpan.Zero;

    /// <summary>Why a move has to wait for a region's clock; null where it need not.</summary>
    public static string? TroubleOf(RegionName region, TimeSpan ahead)
        => ahead.Duration() <= MoveLimits.ClockDifferenceMax ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The clock of region {region} is {ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} ")
                + "control's, and the times of the receipt would not be believed. Set both clocks (NTP); the move waits.";

    /// <summary>What the target checks at the commit point, so that its own time and the source's can stand in one receipt.</summary>
    /// <returns>Why the times can't be meant; null if they can.</returns>
    public static string? TroubleOf(RegionName target, DateTimeOffset now, MoveDeparture departure)
    {
        var since = now - departure.DepartedAt;
        return since >= -2 * MoveLimits.ClockDifferenceMax && since <= 2 * MoveLimits.ClockDifferenceMax ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"By the clock of region {target} it is {now:u}, but region {departure.Region.Name} departed at {departure.DepartedAt:u}. ")
                + "Set both clocks (NTP), then ask for the move again.";
    }
}
