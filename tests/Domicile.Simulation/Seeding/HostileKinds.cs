namespace Domicile.Simulation.Seeding;

/// <summary>What a region that has turned hostile may try.</summary>
internal enum HostileKind
{
    /// <summary>It pulls by the order of a move that is over.</summary>
    PullOfFormerMove,

    /// <summary>It hands a write over to a home that had the account from elsewhere.</summary>
    HandOverOfStranger,

    /// <summary>It hands over once more what it handed over before.</summary>
    HandOverRepeated,

    /// <summary>It pulls by the order of a move whose target is another region.</summary>
    PullOfOthersMove,

    /// <summary>It says that control ordered a move to it.</summary>
    ForgedOrder,

    /// <summary>As the former home it hands over what no client asked for: an access key of its own.</summary>
    InventedHandOver,

    /// <summary>It refuses a move that doesn't come from it.</summary>
    RefusalOfOthersMove,

    /// <summary>It refuses a move of an account that nobody knows.</summary>
    RefusalOfUnknown,

    /// <summary>It says where an account is: anywhere, in any epoch.</summary>
    PoisonedHome,
}

/// <summary>Which of them the engine withstands: all. Each happens in hostile worlds.</summary>
internal static class HostileKinds
{
    public static IReadOnlyList<HostileKind> Withstood { get; } = Enum.GetValues<HostileKind>();

    /// <summary>What is tried where this bug is put in, whether the engine withstands it or not.</summary>
    public static HostileKind? OfBug(SeededBug bug)
        => bug switch
        {
            SeededBug.PullByAnyRegion => HostileKind.PullOfOthersMove,
            SeededBug.OrderNotSigned => HostileKind.ForgedOrder,
            SeededBug.HandOverNotSigned => HostileKind.InventedHandOver,
            SeededBug.RefuseNotSigned => HostileKind.RefusalOfOthersMove,
            SeededBug.RefuseMakesRecord => HostileKind.RefusalOfUnknown,
            SeededBug.HintOverControl => HostileKind.PoisonedHome,
            _ => null,
        };
}
