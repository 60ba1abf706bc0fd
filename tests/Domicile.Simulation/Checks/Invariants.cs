namespace Domicile.Simulation.Checks;

/// <summary>The names of docs/protocols/move.md, spec/invariants.pml and this simulation's checks.</summary>
internal static class Invariants
{
    public const string NoLostWrite = nameof(NoLostWrite);
    public const string NoResurrection = nameof(NoResurrection);
    public const string SingleWriter = nameof(SingleWriter);
    public const string NoEarlyServe = nameof(NoEarlyServe);
    public const string LinearizableReads = nameof(LinearizableReads);
    public const string ReadYourWrites = nameof(ReadYourWrites);
    public const string EraseAfterCommit = nameof(EraseAfterCommit);
    public const string EraseComplete = nameof(EraseComplete);
    public const string ReceiptTruthful = nameof(ReceiptTruthful);
    public const string OnlyItsOwn = nameof(OnlyItsOwn);
    public const string PolicyRespected = nameof(PolicyRespected);
    public const string MoveTerminates = nameof(MoveTerminates);
    public const string WritesResume = nameof(WritesResume);
}
