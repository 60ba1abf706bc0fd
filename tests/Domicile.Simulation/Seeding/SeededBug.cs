namespace Domicile.Simulation.Seeding;

/// <summary>
/// A bug, put into the world to see that the checks find it. To 12 those that others shipped, with the numbers of
/// spec/seeds.pml; from 60 on this simulation's own.
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
}
