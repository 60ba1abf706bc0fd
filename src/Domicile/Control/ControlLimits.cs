namespace Domicile.Control;

/// <summary>Every limit of control, with its unit.</summary>
internal static class ControlLimits
{
    public const int OrganisationCharsMax = 128;
    public const int ReasonCharsMax = 512;
    public const int LabelCharsMax = 128;
    public const int KeysPerAccountMax = 100;

    /// <summary>Moves that run at the same time.</summary>
    public const int AtOnceMax = 64;
    public const int AtOnceDefault = 4;

    /// <summary>Moves that are being put on record at the same time: they share commits.</summary>
    public const int MovesBegunAtOnce = 64;

    /// <summary>Questions to regions that are open at the same time, for one plan.</summary>
    public const int QuestionsAtOnce = 16;

    /// <summary>Accounts that one request makes.</summary>
    public const int AccountsPerBatchMax = 1000;

    /// <summary>Writes that one commit of control's database takes along.</summary>
    public const int WritesPerCommitMax = 256;

    /// <summary>Accounts whose sizes one transaction notes: some tens of milliseconds.</summary>
    public const int UsagesPerWrite = 2000;

    /// <summary>How often at most a region is told of changes of the directory.</summary>
    public static readonly TimeSpan PushEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>How often at least a region is asked whether it has all that it was told.</summary>
    public static readonly TimeSpan PushLookEvery = TimeSpan.FromSeconds(30);

    /// <summary>Entries in one message to a region.</summary>
    public const int EntriesPerUpdate = 500;

    /// <summary>Moves that a list shows, and that the watch looks at.</summary>
    public const int MovesListed = 1000;

    /// <summary>How often at most a watch looks at them.</summary>
    public static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the source may keep its departed copy.</summary>
    public static readonly TimeSpan EraseAfterMax = TimeSpan.FromDays(366);

    /// <summary>How long control waits for one answer of a region before it calls the region unreachable.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(15);

    /// <summary>For an answer that takes as long as <c>MoveLimits.AccountsMadeMax</c> accounts take to be made on a busy disk.</summary>
    public static readonly TimeSpan AccountsMadePatience = TimeSpan.FromMinutes(1);

    /// <summary>How long showing an account, or a receipt, waits for the region to say how far encrypting again is.</summary>
    public static readonly TimeSpan ShowPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a region may read for a deep verification or an erasure while the API's client waits.</summary>
    public static readonly TimeSpan LongAnswerPatience = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How long status and doctor wait for a region to say that it lives: one that has just started and is far away opens a
    /// connection by TLS first.
    /// </summary>
    public static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan RetryDelayFirst = TimeSpan.FromMilliseconds(250);
    public static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(15);

    /// <summary>
    /// What a target must have free beyond what is to come: this, once for all that is under way to it. What is to come is a
    /// tenth more than each account takes now, and at least <see cref="RoomPerAccountBytes"/>.
    /// </summary>
    public const long RoomMarginBytes = 64L << 20;

    /// <summary>What an account takes on disk that has nothing: its database, and the database's log while it is filled.</summary>
    public const long RoomPerAccountBytes = 320L << 10;

    /// <summary>From so many of the newest ended moves it is learned what moves cost.</summary>
    public const int MovesLearned = 1000;

    /// <summary>After so many measured moves between two regions their link needn't be measured any more.</summary>
    public const int MovesThatTeach = 3;

    /// <summary>How long control waits for a target to measure its link; without an answer it goes by assumptions.</summary>
    public static readonly TimeSpan LinkMeasurePatience = TimeSpan.FromSeconds(3);

    /// <summary>How long a measured link is taken for what it was.</summary>
    public static readonly TimeSpan LinkMeasureLasts = TimeSpan.FromMinutes(10);

    /// <summary>Tokens that nobody holds which one source may show before it has to wait.</summary>
    public const int TokenFailuresFree = 10;

    /// <summary>The same from all sources: at once, and how many of them come back in a second.</summary>
    public const int TokenFailuresOverallMax = 200;
    public const int TokenFailuresOverallPerSecond = 10;

    /// <summary>Sources whose failures are remembered.</summary>
    public const int TokenSourcesMax = 4096;

    public static readonly TimeSpan TokenWaitFirst = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan TokenWaitMax = TimeSpan.FromMinutes(1);

    /// <summary>After its last failure a source begins anew.</summary>
    public static readonly TimeSpan TokenFailuresForgotten = TimeSpan.FromMinutes(15);

    public static readonly TimeSpan ClockDifferenceMax = TimeSpan.FromSeconds(5);

    /// <summary>A move that is open for longer deserves a look.</summary>
    public static readonly TimeSpan MoveOpenMax = TimeSpan.FromMinutes(10);

    /// <summary>Below this much free space the doctor warns.</summary>
    public const long FreeBytesWarning = 1L << 30;
}
