namespace Domicile.Server.Tests.Moves;

internal enum OperationKind
{
    Put,

    /// <summary>A write with <c>If-None-Match: *</c>.</summary>
    PutIfAbsent,

    /// <summary>A write with <c>If-Match</c> on the value expected.</summary>
    CompareAndSet,
    Delete,
    Get,
}

internal enum OperationOutcome
{
    Done,

    /// <summary>A condition did not hold: nothing was changed.</summary>
    Refused,

    /// <summary>No answer, or an error: it may have happened, may yet happen, or never will.</summary>
    Unknown,
}

/// <summary>
/// One request on one key as its client saw it. Values are unique: two writes never write the same, so that a read says
/// which write it saw.
/// </summary>
/// <param name="Value">What a write writes or a read saw; null: nothing is there.</param>
/// <param name="InvokedAt">Ticks of one monotonic clock that all clients share.</param>
internal sealed record Operation(
    string Client, string Key, OperationKind Kind, string? Value, long InvokedAt)
{
    /// <summary>Of a compare-and-set.</summary>
    public string? Expected { get; init; }

    public OperationOutcome Outcome { get; init; } = OperationOutcome.Unknown;

    /// <summary>Ticks; never, while the outcome is unknown: what is on its way may still arrive.</summary>
    public long ReturnedAt { get; init; } = long.MaxValue;

    /// <summary>Of an unknown outcome: only if its value is seen it is known to have been sent.</summary>
    public bool WasProbablyNeverSent { get; init; }

    /// <summary>What a versioned bucket called the version that this write or deletion made.</summary>
    public string? VersionId { get; init; }

    public bool IsWrite => Kind != OperationKind.Get;

    /// <summary>Whether it certainly changed the key.</summary>
    public bool HasWritten => IsWrite && Outcome == OperationOutcome.Done;

    /// <summary>The whole of this came before the other began.</summary>
    public bool IsBefore(Operation other) => ReturnedAt < other.InvokedAt;

    /// <summary>Whether it can take its effect now, and what is there then.</summary>
    public bool TryApply(string? present, out string? after)
    {
        var holds = Kind switch
        {
            OperationKind.PutIfAbsent => present is null,
            OperationKind.CompareAndSet => present is not null && present == Expected,
            OperationKind.Get => present == Value,
            _ => true,
        };
        after = Kind switch
        {
            OperationKind.Get => present,
            OperationKind.Delete => null,
            _ => holds && Outcome != OperationOutcome.Refused ? Value : present,
        };
        return Outcome switch
        {
            OperationOutcome.Done => holds,
            OperationOutcome.Refused => !holds,
            _ => true,
        };
    }

    public override string ToString()
        => $"{Client} {Kind} {Key} {(Expected is null ? "" : $"{Expected} → ")}{Value ?? "nothing"}: {Outcome} "
            + $"[{InvokedAt}, {(ReturnedAt == long.MaxValue ? "…" : ReturnedAt)}]{(VersionId is null ? "" : $" {VersionId}")}";
}
