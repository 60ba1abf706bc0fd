namespace Domicile.Simulation.Seeding;

/// <summary>
/// A bug, put into the world to see that the checks find it. To 12 those that others shipped, with the numbers of
/// spec/seeds.pml; from 60 on this simulation's own, from 70 on the checks of what other regions say, which need a hostile one.
/// </summary>
internal enum SeededBug
{
    None = 0,
    FinalPositionBeforeDrain = 1,
    CheckpointOnReceive = 2,
    CopyNotAtomic = 3,
    StopBeforePosition = 4,
    BlindRetry = 5,
    AbortForgetsSeal = 6,
    EraseBeforeCommit = 7,
    VerifierSharesEnumeration = 8,
    RouterCacheWithoutEpoch = 9,
    MissedDelete = 10,
    IntentAfterAct = 11,
    UploadLeftBehind = 12,

    /// <summary>Contents get their names without having been flushed.</summary>
    FlushForgotten = 60,

    /// <summary>A name is not flushed with its directory.</summary>
    NameNotFlushed = 61,

    /// <summary>A commit returns before it is durable.</summary>
    CommitNotFlushed = 62,

    /// <summary>Times that can't stand in one receipt are found when nobody can go back any more.</summary>
    TimesNotCompared = 63,

    /// <summary>Acknowledged commits that are missing are taken for a torn end.</summary>
    LossNotNoticed = 64,

    /// <summary>Nothing is set aside for the way back before writes stop.</summary>
    WayBackNotReserved = 65,

    /// <summary>The source gives its changes to whoever names the move.</summary>
    PullByAnyRegion = 70,

    /// <summary>An order is taken from whoever says that control gave it.</summary>
    OrderNotSigned = 71,

    /// <summary>A write that is handed over is run as the former home tells it.</summary>
    HandOverNotSigned = 72,

    /// <summary>Any region may refuse any move.</summary>
    RefuseNotSigned = 73,

    /// <summary>A refusal of a move of which nobody has heard is recorded, whoever asks.</summary>
    RefuseMakesRecord = 74,

    /// <summary>Another region's word on a home is kept like control's, of whatever epoch.</summary>
    HintOverControl = 75,
}
