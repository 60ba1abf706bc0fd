using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Tests.Storage;
using Xunit;

namespace Domicile.Tests.Moves;

/// <summary>What a region remembers of moves, in its account's database.</summary>
public sealed class MoveRecordTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: what a failed move has left is kept or removed by what became of that move, not of one before it by a clock that was
    // ahead. Method: two arrivals in one epoch, the second of which a clock says to be the earlier one; both are settled later.
    [Fact]
    public async Task The_latest_arrival_is_the_one_that_was_recorded_last_whatever_clocks_say()
    {
        await using var region = await TemporaryRegion.CreateAsync();
        var store = region.Storage.Open(TemporaryRegion.Anna);
        var now = DateTimeOffset.UnixEpoch.AddYears(50);
        var (first, second) = (Arrival(now), Arrival(now.AddMinutes(-6)));
        foreach (var record in new[] { first, second, Refused(second), Refused(first) })
        {
            await store.WriteAsync(
                transaction =>
                {
                    record.Save(transaction.Sql, TemporaryRegion.Anna);
                    return true;
                },
                Cancelled);
        }

        Assert.Equal(second.Move, store.Read(sql => RegionMoveRecord.FindLastArrival(sql, TemporaryRegion.Anna))!.Move);
    }

    private static RegionMoveRecord Arrival(DateTimeOffset at)
        => new(Guid.CreateVersion7(at), MoveRole.Target, MoveOutcome.Arriving, 1, RegionName.Parse("singapore"), 0, at, null, null);

    private static RegionMoveRecord Refused(RegionMoveRecord arrival) => arrival with { Outcome = MoveOutcome.Refused };
}
