using System.Text.Json.Serialization;
using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>
/// Where a move stands: the step that is to be done next, saved before it acts. Numbers are on disk: never renumber.
/// Until <see cref="Settling"/> it is the target's record that decides whether the move has happened.
/// </summary>
internal enum MoveState : byte
{
    /// <summary>Accepted; waits for its turn. Source serves all.</summary>
    Planned = 1,

    /// <summary>The target pulls. Source serves all.</summary>
    Copying = 2,

    /// <summary>The source stops writes. Source serves reads; writes wait.</summary>
    Sealing = 3,

    /// <summary>The target pulls the rest. Source serves reads; writes wait.</summary>
    Draining = 4,

    /// <summary>The source stops reads. Requests wait.</summary>
    Departing = 5,

    /// <summary>The target is asked to become the home: the commit point is its transaction.</summary>
    Activating = 6,

    /// <summary>Going back: the target is asked for the durable word that it never will.</summary>
    Refusing = 7,

    /// <summary>The target has refused: the source goes on as before.</summary>
    Unsealing = 8,

    /// <summary>The target is the home; directory and source are told. Target serves all.</summary>
    Settling = 9,

    /// <summary>The source's copy is to be erased, when its time has come. Target serves all.</summary>
    Erasing = 10,

    /// <summary>Over: erased, and the receipt is in the ledger.</summary>
    Done = 11,

    /// <summary>Over: the source stayed the home.</summary>
    Aborted = 12,

    /// <summary>Over like aborted, because the target's data was not the source's: both sides are kept for inspection.</summary>
    Failed = 13,

    /// <summary>
    /// Over: the target is the home and the source has erased, but what they signed makes no receipt. It says why; asked for
    /// again, the receipt is made once it can be.
    /// </summary>
    Unproven = 14,
}

/// <summary>One account on its way from one region to another: a fact in control's database, replaced and never changed.</summary>
internal sealed record Move
{
    /// <summary>Of the saved record that this was read from: what is saved over it compares this. 0: not read from any.</summary>
    [JsonIgnore]
    public long Version { get; init; }

    public required Guid Id { get; init; }
    public required AccountProfile Profile { get; init; }
    public required RegionName Source { get; init; }
    public required RegionName Target { get; init; }

    /// <summary>The account's epoch at the source.</summary>
    public required long Epoch { get; init; }
    public required long PolicyRevision { get; init; }

    /// <summary>The name of the policy rule that wants the move, or what an operator said.</summary>
    public required string Rule { get; init; }
    public required DateTimeOffset RequestedAt { get; init; }
    public required TimeSpan EraseAfter { get; init; }

    /// <summary>32 bytes: statements name the account only as a commitment under it.</summary>
    public required byte[] Salt { get; init; }
    public MoveState State { get; init; } = MoveState.Planned;

    /// <summary>Why it is being refused, was aborted or failed, or has no receipt.</summary>
    public string? Reason { get; init; }
    public long Objects { get; init; }
    public long Bytes { get; init; }
    public long? FinalSeq { get; init; }
    public byte[]? Digest { get; init; }
    public DateTimeOffset? SealedAt { get; init; }
    public DateTimeOffset? ActivatedAt { get; init; }
    public DateTimeOffset? ErasedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>
    /// From asking for the seal to the source's word that requests may follow, in milliseconds, by control's monotonic clock;
    /// if control was started again meanwhile, from the seal's answer on, by its wall clock.
    /// </summary>
    public double? PauseMs { get; init; }

    /// <summary>What it took, for estimates of others; null where it was disturbed, or where another process began it.</summary>
    public MoveTook? Took { get; init; }
    public byte[]? Departure { get; init; }
    public byte[]? Arrival { get; init; }
    public byte[]? Erasure { get; init; }
    public long? LedgerIndex { get; init; }

    public AccountId Account => Profile.Id;

    public bool IsOver => State is MoveState.Done or MoveState.Aborted or MoveState.Failed or MoveState.Unproven;

    /// <summary>The account is settled at one home; a receipt may still be to come.</summary>
    public bool HasSettled => IsOver || State == MoveState.Erasing;

    public MoveOrder Order => new(Id, Profile, Epoch, Source, Target, PolicyRevision, Salt);
}

/// <summary>How long the parts of a move took, in milliseconds by control's monotonic clock.</summary>
/// <param name="TurnMs">From the beginning of the copy until it had settled.</param>
/// <param name="Beside">How many moves were under way at the busier of its regions meanwhile, on average, itself included.</param>
/// <param name="AfterMs">Erasing, and the receipt; null before.</param>
internal sealed record MoveTook(double TurnMs, double Beside, double? AfterMs);
