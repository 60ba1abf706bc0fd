namespace Domicile.Simulation.Seeding;

/// <summary>A bug that others shipped, put into the world to see that the checks find it. Numbers as in spec/seeds.pml.</summary>
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
}
