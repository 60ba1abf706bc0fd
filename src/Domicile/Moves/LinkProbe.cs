using System.Buffers;
using Domicile.Accounts;
using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// Measures a link by using it for a moment: small questions for the round trip, then bytes for the rate; and this machine,
/// by what copying objects costs most of its processor for, and how fast its disk takes what must be durable.
/// </summary>
internal static class LinkProbe
{
    private const int Questions = 3;
    private const int BufferBytes = 128 << 10;
    private const int RowBytes = 200;

    private const int DigestsEach = 20;

    private static readonly TimeSpan DigestsFor = TimeSpan.FromMilliseconds(100);

    /// <returns>Null where the source doesn't answer.</returns>
    public static async Task<LinkMeasure?> RunAsync(
        RegionContext region, RegionName source, CancellationToken cancellationToken)
    {
        if (source == region.Name || !region.Knows(source))
        {
            return null;
        }

        try
        {
            var link = region.Links.To(source);
            var roundTrip = await RoundTripAsync(link, region.Time, cancellationToken);
            var rate = await RateAsync(link, region.Time, cancellationToken);
            var disk = await DiskProbe.WriteRateAsync(
                region.Storage.Directory, MoveLimits.ProbeDiskMax, region.Time, cancellationToken);
            return new LinkMeasure(roundTrip, rate, DigestTime(region.Time), disk);
        }
        catch (IOException)
        {
            return null; // It is no more than a hint that is missing: whoever plans goes by assumptions.
        }
    }

    // The shortest: the first has to connect, and any may meet a busy machine.
    private static async Task<TimeSpan> RoundTripAsync(IRegionLink link, TimeProvider time, CancellationToken cancellationToken)
    {
        var shortest = TimeSpan.MaxValue;
        var buffer = new byte[1];
        for (var question = 0; question < Questions; question++)
        {
            var begun = time.GetTimestamp();
            await using var answer = await link.ProbeAsync(buffer.Length, cancellationToken);
            while (await answer.ReadAsync(buffer, cancellationToken) > 0)
            {
                // To its end, so that the connection is used again.
            }

            var took = time.GetElapsedTime(begun);
            shortest = took < shortest ? took : shortest;
        }

        return shortest;
    }

    // Of the second half of the time: connections begin slowly.
    private static async Task<double> RateAsync(IRegionLink link, TimeProvider time, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var answer = await link.ProbeAsync(MoveLimits.ProbeBytesMax, cancellationToken);
            var come = new List<(double Seconds, long Bytes)>();
            var bytes = 0L;
            var begun = 0L;
            while (await answer.ReadAsync(buffer, cancellationToken) is > 0 and var length)
            {
                begun = begun == 0 ? time.GetTimestamp() : begun;
                bytes += length;
                come.Add((time.GetElapsedTime(begun).TotalSeconds, bytes));
                if (come[^1].Seconds >= MoveLimits.ProbeMax.TotalSeconds)
                {
                    break;
                }
            }

            return RateOf(come);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <param name="come">How many bytes had come at what time.</param>
    /// <returns>0 where nothing can be said.</returns>
    public static double RateOf(IReadOnlyList<(double Seconds, long Bytes)> come)
    {
        if (come.Count < 2)
        {
            return 0;
        }

        var half = come.First(at => at.Seconds >= come[^1].Seconds / 2);
        half = half == come[^1] ? come[0] : half;
        var seconds = come[^1].Seconds - half.Seconds;
        return seconds > 0 ? (come[^1].Bytes - half.Bytes) / seconds : 0;
    }

    // The fastest of many short spells: whatever else the machine does is not its speed.
    private static TimeSpan DigestTime(TimeProvider time)
    {
        var digest = SetDigest.Empty;
        var row = new byte[RowBytes];
        var fastest = TimeSpan.MaxValue;
        for (var begun = time.GetTimestamp(); time.GetElapsedTime(begun) < DigestsFor;)
        {
            var spell = time.GetTimestamp();
            for (var count = 0; count < DigestsEach; count++)
            {
                row[0]++;
                digest.Add(row);
            }

            var each = time.GetElapsedTime(spell) / DigestsEach;
            fastest = each < fastest ? each : fastest;
        }

        return fastest;
    }
}
