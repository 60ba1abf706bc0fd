using System.IO.Pipelines;
using Domicile.Moves;

namespace Domicile.Simulation.Machines;

/// <summary>A bug that can be put into the world, to see that the checks find it. The numbers are those of spec/seeds.pml.</summary>
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

/// <summary>Puts a bug between the parts; the product itself has none of this.</summary>
internal sealed class Seeds(SeededBug bug)
{
    public SeededBug Bug => bug;

    public IRegionLinks Wrap(RegionMachine region, IRegionLinks links) => links;

    public IRegionPeer Wrap(RegionMachine region, IRegionPeer peer) => peer;

    public PipeWriter Wrap(PipeWriter output) => output;

    public IMoveControl Wrap(IMoveControl control) => control;

    public IMoveRecords Wrap(IMoveRecords records) => records;
}
