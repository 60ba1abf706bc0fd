using Domicile.Deployments;

namespace Domicile.Storage;

/// <summary>Every bound of the store, with its unit.</summary>
internal static class StorageLimits
{
    /// <summary>Set aside in an account's log before a move stops writes: what is written then, either way, fits.</summary>
    public const long WayBackBytes = 256 << 10;

    /// <summary>Writes of one account that may wait for its writer; further ones wait for room.</summary>
    public const int QueuedWritesMax = 1024;

    /// <summary>Writes that one commit takes along: enough to hide the fsync, few enough to keep a commit short.</summary>
    public const int BatchWritesMax = 64;

    /// <summary>
    /// Accounts whose writers commit at the same moment, each on a thread that waits for the disk: enough to share what a
    /// file system writes for a flush, and half of the threads that the pool has at once.
    /// </summary>
    public const int TurnsAtOnceMax = 32;

    /// <summary>Read connections kept per open account. Further readers open their own and close it again.</summary>
    public const int PooledReadersMax = 8;

    /// <summary>
    /// What open databases of a region may take of memory: those that were idle longest are closed beyond it. An eighth of the
    /// memory that the process may use, at most 192 MiB: some four hundred small accounts that are written, or eight hundred that
    /// are only read. No more than half of the files that the process may have open go into it.
    /// </summary>
    public static readonly long OpenBytesMax = Math.Min(
        Math.Min(192L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8),
        Math.Min(ProcessFiles.Shared, 1 << 20) / 2 / FilesOfConnection * ConnectionBytes);

    /// <summary>That an open connection has: database and log, and its part of what all of an account share.</summary>
    public const int FilesOfConnection = 3;

    /// <summary>Of these, so much is closed in one go: one part of so many.</summary>
    public const int OpenBytesShareClosed = 16;

    /// <summary>Workers that close databases at the same time; all of them where there are half as many again as may be open.</summary>
    public const int ClosersMax = 4;

    /// <summary>
    /// What an open connection takes beyond its page cache: the parsed tables, its statements, SQLite's own small memory and
    /// the objects around it. Measured.
    /// </summary>
    public const int ConnectionBytes = 192 << 10;

    /// <summary>Notes on closed databases that one transaction saves.</summary>
    public const int NotesUnsavedMax = 64;

    /// <summary>Versions of an account that are summed up when its database is closed, a millisecond's worth.</summary>
    public const int VersionsSummedMax = 2_000;

    /// <summary>Content files whose deletion one transaction records.</summary>
    public const int DiscardsPerRoundMax = 256;

    /// <summary>How often a scrub asks readers of the old pages to end, each time for <see cref="BusyTimeoutMs"/>.</summary>
    public const int ScrubAttemptsMax = 12;

    /// <summary>Buffers that hold what other regions sent until it is written: 16 MiB in a region.</summary>
    public const int ReceiveBuffersMax = 16;

    /// <summary>Of each: what a disk takes at a time without a pause between.</summary>
    public const int ReceiveBufferBytes = 1 << 20;

    /// <summary>Received files that are flushed at a time: each blocks a thread.</summary>
    public const int ReceiveFlushesMax = 16;

    /// <summary>
    /// Copied files from this length on are written past the page cache, see <see cref="DirectFile"/>. Shorter ones, a phone's
    /// photos, may well be read as soon as their account has moved.
    /// </summary>
    public const long DirectBytesMin = 4 << 20;

    /// <summary>Pages of 4 KiB in an account's log after which a checkpoint begins beside its writer: 16 MiB.</summary>
    public const int CheckpointPages = 4_000;

    /// <summary>Milliseconds that SQLite waits for a lock. Only checkpoints ever wait: each account has one writer.</summary>
    public const int BusyTimeoutMs = 5000;

    /// <summary>How long an account that can't be opened isn't tried again: whoever asks costs no reading of its log.</summary>
    public static readonly TimeSpan DamageRemembered = TimeSpan.FromSeconds(5);

    /// <summary>Files kept for deletions: a database that is opened for one makes two.</summary>
    public const long FilesForDeletions = 64;

    /// <summary>A disk with fewer bytes than this is full, whatever failed there.</summary>
    public const long FullBytes = 1 << 20;

    /// <summary>Bytes kept free for deletions: a twentieth of the disk, at most this.</summary>
    public const long RoomForDeletionsMax = 64L << 20;
}
