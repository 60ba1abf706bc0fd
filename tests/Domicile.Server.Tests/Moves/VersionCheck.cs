namespace Domicile.Server.Tests.Moves;

/// <summary>A version as a listing shows it.</summary>
/// <param name="Value">Null: a delete marker.</param>
internal sealed record ListedVersion(string Key, string VersionId, string? Value, DateTime LastModified);

/// <summary>Whether a versioned bucket holds exactly what was acknowledged, in the order in which it was written.</summary>
internal static class VersionCheck
{
    /// <param name="listed">As listed: each key's newest version first.</param>
    public static IReadOnlyList<Violation> Check(IEnumerable<Operation> history, IReadOnlyList<ListedVersion> listed)
    {
        var all = history.ToList();
        var operations = all.Where(one => one.IsWrite && one.Outcome != OperationOutcome.Refused).ToList();
        var written = operations.Where(one => one.VersionId is not null).ToDictionary(one => one.VersionId!);
        return
        [
            .. Lost(written, listed),
            .. Unknown(all, operations, written, listed),
            .. listed.GroupBy(version => version.Key).SelectMany(versions => Order([.. versions], written)),
        ];
    }

    private static IEnumerable<Violation> Lost(Dictionary<string, Operation> written, IReadOnlyList<ListedVersion> listed)
    {
        var ids = listed.Select(version => version.VersionId).ToHashSet(StringComparer.Ordinal);
        return written.Values.Where(one => !ids.Contains(one.VersionId!))
            .Select(one => new Violation(ViolationKind.LostVersion, one.Key, $"{one}"));
    }

    private static IEnumerable<Violation> Unknown(
        List<Operation> all, List<Operation> operations, Dictionary<string, Operation> written,
        IReadOnlyList<ListedVersion> listed)
    {
        var maybe = operations.Where(one => one.Outcome == OperationOutcome.Unknown).ToList();
        return listed
            .Where(version => written.TryGetValue(version.VersionId, out var one)
                ? one.Key != version.Key || ValueOf(one) != version.Value
                : !maybe.Exists(one => one.Key == version.Key && ValueOf(one) == version.Value))
            .Select(version => new Violation(
                ViolationKind.UnknownVersion, version.Key,
                $"{version}; {string.Join("; ", all.Where(one => one.IsWrite && one.Value == version.Value))}"));
    }

    private static IEnumerable<Violation> Order(List<ListedVersion> newestFirst, Dictionary<string, Operation> written)
    {
        for (var i = 1; i < newestFirst.Count; i++)
        {
            var (newer, older) = (newestFirst[i - 1], newestFirst[i]);
            if (newer.LastModified < older.LastModified)
            {
                yield return new Violation(ViolationKind.Reordered, newer.Key, $"{newer} is dated before {older}");
            }

            // Each is compared with all that are listed as newer: neighbours alone would hide a swap over a distance.
            var wrong = newestFirst.Take(i).FirstOrDefault(one => IsBefore(one, older, written));
            if (wrong is not null)
            {
                yield return new Violation(ViolationKind.Reordered, newer.Key, $"{wrong} was written before {older}");
            }
        }
    }

    private static bool IsBefore(ListedVersion one, ListedVersion other, Dictionary<string, Operation> written)
        => written.TryGetValue(one.VersionId, out var first) && written.TryGetValue(other.VersionId, out var second)
            && first.IsBefore(second);

    private static string? ValueOf(Operation write) => write.Kind == OperationKind.Delete ? null : write.Value;
}
