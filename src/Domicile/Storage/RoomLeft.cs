namespace Domicile.Storage;

/// <summary>Whether a disk has more room than what is kept for deletions. Thread-safe; a stale look does no harm.</summary>
internal sealed class RoomLeft
{
    /// <summary>Kept free for deletions: a twentieth of the disk, at most this.</summary>
    private const long ReserveBytesMax = 64L << 20;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private long _lookedAt = long.MinValue;
    private volatile bool _hasRoom = true;

    public bool Look(TimeProvider time, Func<DriveInfo> disk)
    {
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref _lookedAt);
        if ((last == long.MinValue || time.GetElapsedTime(last, now) >= LookEvery)
            && Interlocked.CompareExchange(ref _lookedAt, now, last) == last)
        {
            var found = disk();
            _hasRoom = found.AvailableFreeSpace > Math.Min(ReserveBytesMax, found.TotalSize / 20);
        }

        return _hasRoom;
    }
}
