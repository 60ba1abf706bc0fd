namespace Domicile.Server.Tests.Moves;

internal enum ViolationKind
{
    /// <summary>A read saw what nobody had written, or not yet.</summary>
    ReadFromNowhere,

    /// <summary>An acknowledged write was gone: a later read saw what was there before, and nobody ever saw the write.</summary>
    LostWrite,

    /// <summary>A read saw what had been deleted before.</summary>
    Resurrected,

    /// <summary>A read saw less than others had seen, or been told, before.</summary>
    StaleRead,

    /// <summary>Two writes that needed the same state both succeeded: two homes took writes.</summary>
    SplitBrain,

    /// <summary>No order explains all answers.</summary>
    NotLinearizable,

    /// <summary>Versions stand in another order than they were written in, or their dates do.</summary>
    Reordered,

    /// <summary>An acknowledged version is not listed.</summary>
    LostVersion,

    /// <summary>A version is listed that nobody wrote.</summary>
    UnknownVersion,
}

internal sealed record Violation(ViolationKind Kind, string Key, string Detail);

/// <summary>
/// What is wrong with a history that clients saw. The named patterns say what went wrong; the search for an order, last, lets
/// nothing else through.
/// </summary>
internal static class HistoryCheck
{
    public static IReadOnlyList<Violation> Check(IEnumerable<Operation> history)
        => [.. history.GroupBy(operation => operation.Key).SelectMany(group => CheckKey(group.Key, [.. group]))];

    private static List<Violation> CheckKey(string key, List<Operation> operations)
    {
        var violations = Reads(operations).Concat(Forks(operations)).ToList();
        if (violations.Count == 0 && !Linearizability.Holds(Without(operations)))
        {
            violations.Add(new Violation(ViolationKind.NotLinearizable, key, Tell(operations)));
        }

        return violations;
    }

    // Writes without an answer that nobody saw, on a key where no condition was refused, explain nothing: the search would
    // only try them in every place.
    private static List<Operation> Without(List<Operation> operations)
    {
        var seen = operations.Where(one => one.Kind == OperationKind.Get).Select(one => one.Value).ToHashSet();
        var hasRefusals = operations.Exists(one => one.Outcome == OperationOutcome.Refused);
        return
        [
            .. operations.Where(one => one.Outcome != OperationOutcome.Unknown || one.Kind == OperationKind.Delete
                || seen.Contains(one.Value) || (hasRefusals && !one.WasProbablyNeverSent)),
        ];
    }

    private static IEnumerable<Violation> Reads(List<Operation> operations)
        => operations.Where(operation => operation is { Kind: OperationKind.Get, Outcome: OperationOutcome.Done })
            .Select(read => Explain(read, operations)).OfType<Violation>();

    private static Violation? Explain(Operation read, List<Operation> operations)
        => read.Value is null ? ExplainNothing(read, operations) : ExplainValue(read, operations);

    private static Violation? ExplainValue(Operation read, List<Operation> operations)
    {
        var write = operations.Find(one => one.IsWrite && one.Value == read.Value && one.Outcome != OperationOutcome.Refused);
        if (write is null || read.IsBefore(write))
        {
            return new Violation(ViolationKind.ReadFromNowhere, read.Key, $"{read}");
        }

        // Something was written after that write was over, and was over before the read began: the read had to see it.
        var later = operations.Find(one => one.HasWritten && write.IsBefore(one) && one.IsBefore(read));
        return later switch
        {
            null => null,
            { Kind: OperationKind.Delete } => new Violation(ViolationKind.Resurrected, read.Key, $"{read} after {later}"),
            _ => new Violation(Missed(later, operations), read.Key, $"{read} after {later}"),
        };
    }

    private static Violation? ExplainNothing(Operation read, List<Operation> operations)
    {
        var write = operations.Find(one => one.HasWritten && one.Kind != OperationKind.Delete && one.IsBefore(read)
            && !operations.Exists(other => MayDelete(other) && !other.IsBefore(one) && !read.IsBefore(other)));
        return write is null ? null : new Violation(Missed(write, operations), read.Key, $"{read} after {write}");
    }

    private static bool MayDelete(Operation one)
        => one.Kind == OperationKind.Delete && one.Outcome != OperationOutcome.Refused;

    private static ViolationKind Missed(Operation write, List<Operation> operations)
        => operations.Exists(one => one.Kind == OperationKind.Get && one.Outcome == OperationOutcome.Done
            && one.Value == write.Value)
            ? ViolationKind.StaleRead
            : ViolationKind.LostWrite;

    private static IEnumerable<Violation> Forks(List<Operation> operations)
        => operations.Where(one => one is { Kind: OperationKind.CompareAndSet, Outcome: OperationOutcome.Done })
            .GroupBy(one => one.Expected).Where(winners => winners.Count() > 1)
            .Select(winners => new Violation(
                ViolationKind.SplitBrain, winners.First().Key, string.Join(" and ", winners.Select(one => one.ToString()))));

    private static string Tell(List<Operation> operations)
        => string.Join('\n', operations.OrderBy(operation => operation.InvokedAt).TakeLast(80));
}
