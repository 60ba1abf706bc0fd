namespace Domicile.Simulation.Checks;

/// <summary>
/// Whether a register's history has an order that respects time and explains every answer (Herlihy, Wing 1990), by search
/// (Wing, Gong 1993) that remembers where it has been (Lowe 2017).
/// </summary>
internal static class Linearization
{
    private const int OperationsMax = 62;

    public static bool Exists(IReadOnlyList<Operation> history)
    {
        if (history.Count > OperationsMax)
        {
            throw new InvalidOperationException($"A key with {history.Count} operations: at most {OperationsMax} can be checked.");
        }

        var operations = history.OrderBy(one => one.Began).ToArray();
        var answered = 0UL;
        for (var i = 0; i < operations.Length; i++)
        {
            answered |= operations[i].IsAnswered ? 1UL << i : 0;
        }

        return Search(operations, answered, done: 0, value: 0, []);
    }

    private static bool Search(Operation[] operations, ulong answered, ulong done, long value, HashSet<(ulong, long)> seen)
    {
        if ((done & answered) == answered)
        {
            return true;
        }

        if (!seen.Add((done, value)))
        {
            return false;
        }

        // Next may come whatever began before the first end among those that are not placed yet.
        var firstEnd = long.MaxValue;
        for (var i = 0; i < operations.Length; i++)
        {
            if ((done >> i & 1) == 0)
            {
                firstEnd = Math.Min(firstEnd, operations[i].Ended);
            }
        }

        for (var i = 0; i < operations.Length && operations[i].Began < firstEnd; i++)
        {
            if ((done >> i & 1) == 0 && After(operations[i], value) is { } next
                && Search(operations, answered, done | 1UL << i, next, seen))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>The register's value after the operation; null where it could not have been answered so.</returns>
    private static long? After(Operation operation, long value)
        => operation.Kind switch
        {
            OperationKind.Put => operation.Value,
            OperationKind.PutIfAbsent => value == 0 ? operation.Value : operation.IsAnswered ? null : value,
            OperationKind.Delete => 0,
            OperationKind.Read => operation.Value == value ? value : null,
            OperationKind.FoundPresent => value != 0 ? value : null,
            _ => value,
        };
}
