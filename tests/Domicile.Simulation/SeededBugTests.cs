using Domicile.Simulation.Checks;
using Domicile.Simulation.Seeding;
using Xunit;

namespace Domicile.Simulation;

/// <summary>A simulation that finds nothing proves something only if it finds what is there.</summary>
public sealed class SeededBugTests
{
    private const ulong SeedsMax = 2000;

    private static readonly HashSet<string> Names =
    [
        .. typeof(Invariants).GetFields().Select(field => (string)field.GetRawConstantValue()!),
    ];

    public static TheoryData<string> Bugs()
        => [.. Enum.GetNames<SeededBug>().Where(name => name != nameof(SeededBug.None))];

    // Goal: each bug that others shipped, and some of the disk's, put into the world, breaks an invariant by name.
    // Method: seeds from 1 on until one is found.
    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_bug_that_is_put_in_is_found(string bug)
    {
        var batch = Batch.Run(1, SeedsMax, Enum.Parse<SeededBug>(bug), isEnough: one => Names.Contains(one.Violated!));
        var found = batch.Failed.First(one => Names.Contains(one.Violated!));
        TestContext.Current.SendDiagnosticMessage("{0}: {1} by seed {2}", bug, found.Violated!, found.Seed);
    }
}
