namespace Domicile.Moves;

/// <summary>The bounds of moves and of requests that meet one, in one place.</summary>
internal static class MoveLimits
{
    /// <summary>Accounts that a region is asked about in one question.</summary>
    public const int AccountsAskedMax = 500;

    /// <summary>Accounts that a region makes for one question: as many as it makes in a tenth of a second or two.</summary>
    public const int AccountsMadeMax = 200;

    /// <summary>Categories of one account that a plan hears of. Nobody has so many but who wants to be in the way.</summary>
    public const int CategoriesToldMax = 1_000;

    /// <summary>Of all accounts in one answer: half a mebibyte, about. What doesn't fit is asked for again.</summary>
    public const int CategoriesToldInAllMax = 4_000;

    /// <summary>How long a region looks at accounts for one such answer, and rests after one that it had to open.</summary>
    public static readonly TimeSpan SurveyMax = TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="SurveyMax"/>
    public static readonly TimeSpan SurveyRestMax = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a request waits at the gateway for a cut-over before it gets 503 SlowDown.</summary>
    public static readonly TimeSpan WaitAtGatewayMax = TimeSpan.FromSeconds(20);

    /// <summary>How long control lets the target drain, from the seal on, before the move goes back.</summary>
    public static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(8);

    /// <summary>
    /// How long a sealed or departing source waits for control before it asks the target what became of the move. More
    /// than <see cref="DrainMax"/>, or large drains would abort each other.
    /// </summary>
    public static readonly TimeSpan SourcePatience = TimeSpan.FromSeconds(15);

    /// <summary>How long erasing waits for open reads and hand-overs before it cuts them.</summary>
    public static readonly TimeSpan HoldsMax = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long those that were cut may take to end. If one is still there then, nothing is erased or signed: it is tried
    /// again.
    /// </summary>
    public static readonly TimeSpan CutMax = TimeSpan.FromSeconds(10);

    /// <summary>Keys that a region keeps for secrets of new access keys that control is about to send.</summary>
    public const int SecretOffersMax = 64;

    /// <summary>How often, and how often at most, an erasure looks whether files of the account are still open.</summary>
    public static readonly TimeSpan DescriptorsLookedEvery = TimeSpan.FromMilliseconds(50);

    public const int DescriptorLooksMax = 40;

    /// <summary>
    /// How long after an activation the former home may hand over writes, unless it erases earlier: bodies that were arriving
    /// at the seal have come by then, or their clients send them again.
    /// </summary>
    public static readonly TimeSpan HandOversMax = TimeSpan.FromMinutes(10);

    /// <summary>How long before the activation a request that is handed over may have come.</summary>
    public static readonly TimeSpan HandedOverAgeMax = TimeSpan.FromHours(1);

    /// <summary>How long a source that is to prepare a move waits for the policy that permits it.</summary>
    public static readonly TimeSpan PolicyWaitMax = TimeSpan.FromSeconds(2);

    /// <summary>A call that asks for an erasure returns after this long at most; the erasure goes on.</summary>
    public static readonly TimeSpan EraseAnswerMax = TimeSpan.FromSeconds(8);

    /// <summary>A call that asks how far the target is returns after this long at most.</summary>
    public static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>The stream says that it lives, at least this often.</summary>
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(2);

    /// <summary>A stream that has said nothing for this long is broken.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(10);

    /// <summary>How often a target looks whether its source is silent.</summary>
    public static readonly TimeSpan SilenceLooked = TimeSpan.FromSeconds(1);

    /// <summary>How long a target measures a link, from its first byte on.</summary>
    public static readonly TimeSpan ProbeMax = TimeSpan.FromMilliseconds(700);

    /// <summary>What a source sends at most for a target to measure the link.</summary>
    public const int ProbeBytesMax = 16 << 20;

    /// <summary>How long it then measures its disk.</summary>
    public static readonly TimeSpan ProbeDiskMax = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How far a region's clock may be from control's for a move to stop writes. Two regions are then never further apart than
    /// a receipt allows (<see cref="Domicile.Proofs.Receipts.ReceiptVerification.ClockDisagreementMax"/>).
    /// </summary>
    public static readonly TimeSpan ClockDifferenceMax = TimeSpan.FromMinutes(2);

    /// <summary>A wait for a time of day looks at the clock so often: it may be set meanwhile.</summary>
    public static readonly TimeSpan ClockLookedEvery = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(100);

    public static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Bytes of contents that the target may lack when the source is sealed. Twice as many after each
    /// <see cref="LagPatience"/> in which only these were too many, <see cref="LagDoublingsMax"/> times: an account whose
    /// clients never pause moves all the same.
    /// </summary>
    public const long LagBytesAtSealMax = 1 << 20;

    public static readonly TimeSpan LagPatience = TimeSpan.FromSeconds(5);

    public const int LagDoublingsMax = 6;

    public const long BatchBytesMax = 1 << 20;

    /// <summary>Bytes of contents in files after which a batch ends: what comes again after a cut.</summary>
    public const long BatchContentBytesMax = 64 << 20;

    /// <summary>Bytes of a content's file that the source reads and sends at a time.</summary>
    public const int SendBytesAtOnce = 256 << 10;

    /// <summary>Contents in rows that are encrypted again in one transaction: 1 MiB of them at most.</summary>
    public const int ReencryptedRowsAtOnce = 32;

    /// <summary>Encrypting again rests as long as it has worked, at most this.</summary>
    public static readonly TimeSpan ReencryptionRestMax = TimeSpan.FromSeconds(1);

    /// <summary>After a failure, such as a full disk, it is tried again at the latest after this.</summary>
    public static readonly TimeSpan ReencryptionRetryMax = TimeSpan.FromMinutes(1);

    /// <summary>Batches that a target has read and not yet stored.</summary>
    public const int BatchesAhead = 4;

    /// <summary>Batches that one transaction of a target stores.</summary>
    public const int BatchesAtOnce = 4;

    /// <summary>Contents in files of one account that are being checked, written and flushed at a target.</summary>
    public const int ContentsAhead = 64;

    /// <summary>How long another region's word on an account's home is gone by.</summary>
    public static readonly TimeSpan HintLasts = TimeSpan.FromMinutes(5);

    /// <summary>Of such words, kept in memory.</summary>
    public const int HintsMax = 10_000;

    /// <summary>Damaged accounts that a region's process has said something of; it says nothing of further ones.</summary>
    public const int DamagesRemembered = 10_000;

    /// <summary>Files (inodes) that a disk should have left: an account takes five, a long content one.</summary>
    public const long FreeFilesWarning = 10_000;

    /// <summary>Accounts that a region's examination names one by one; of further ones it says how many.</summary>
    public const int AccountsExaminedMax = 200;

    /// <summary>
    /// Orders whose signature is remembered, by control as made, by a region as good: those of the moves under way, and no more
    /// of those that are over, or memory rises with each for thousands of moves.
    /// </summary>
    public const int SignaturesKept = 512;

    /// <summary>Rows that one transaction of an erasure deletes.</summary>
    public const int EraseRowsAtOnce = 2000;

    /// <summary>A retry's delay: doubling, bounded.</summary>
    public static TimeSpan RetryAfter(int failures) => RetryAfter(failures, RetryMax);

    /// <inheritdoc cref="RetryAfter(int)"/>
    public static TimeSpan RetryAfter(int failures, TimeSpan atMost)
        => TimeSpan.FromTicks(Math.Min(RetryFirst.Ticks << Math.Min(failures, 16), atMost.Ticks));
}
