using System.Collections.Concurrent;
using Domicile.Server.Tests.Faults;
using Xunit;

[assembly: AssemblyFixture(typeof(FaultCoverageFile))]

namespace Domicile.Server.Tests.Faults;

/// <summary>How many cases of which fault this run has gone through, for ./test to say.</summary>
internal static class FaultCoverage
{
    private static readonly ConcurrentDictionary<string, int> Counts = new();

    public static void Add(string fault, int cases) => Counts.AddOrUpdate(fault, cases, (_, before) => before + cases);

    /// <summary>One line; empty where this run had none of the tests.</summary>
    public static string Line()
        => Counts.IsEmpty ? "" : $"faults: {Counts.Values.Sum()} cases: "
            + string.Join(", ", Counts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Value} {one.Key}"));
}

/// <summary>Writes artifacts/coverage/faults.txt when all tests have run.</summary>
public sealed class FaultCoverageFile : IDisposable
{
    public void Dispose()
    {
        if (FaultCoverage.Line() is { Length: > 0 } line)
        {
            Repository.SayCovered("faults", line);
        }
    }
}
