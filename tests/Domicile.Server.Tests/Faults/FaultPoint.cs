namespace Domicile.Server.Tests.Faults;

/// <summary>A place in a move, in one of its three parties: src/Domicile/CrashPoint.cs.</summary>
/// <param name="GoesBack">On the way back: an operator aborts the move before it gets there.</param>
internal sealed record FaultPoint(string Party, string Name, bool GoesBack)
{
    public const string Source = "beijing";
    public const string Target = "singapore";
    public const string Control = "control";

    /// <summary>Of the way back: where the move waits for the abort.</summary>
    public const string BeforeAbort = "drain.asked";

    public static readonly IReadOnlyList<string> Parties = [Source, Target, Control];

    private static readonly string[] Forward =
    [
        "Planned-Copying", "Copying-Sealing", "Sealing-Draining", "Draining-Departing", "Departing-Activating",
        "Activating-Settling", "Settling-Erasing", "Erasing-Erasing", "Erasing-Done",
    ];

    private static readonly string[] Back = ["Refusing-Unsealing", "Unsealing-Aborted"];

    /// <summary>Each step's beginning and end in each party that acts in it, there and back.</summary>
    public static IReadOnlyList<FaultPoint> All { get; } =
    [
        .. Of(
            Source, goesBack: false, "prepare.asked", "prepare.done", "seal.asked", "seal.done", "depart.asked", "depart.done",
            "settle.asked", "settle.done", "erase.asked", "erasure.keyless", "erasure.rowless", "erase.done"),
        .. Of(
            Target, goesBack: false, "arrive.asked", "arrive.done", "pull.received", "pull.stored", "drain.asked", "drain.done",
            "activate.asked", "activate.done"),
        .. Of(Control, goesBack: false, [.. Forward.SelectMany(step => new[] { $"{step}.saving", $"{step}.saved" })]),
        .. Of(Source, goesBack: true, "unseal.asked", "unseal.done"),
        .. Of(Target, goesBack: true, "refuse.asked", "refuse.recorded", "refuse.done"),
        .. Of(Control, goesBack: true, [.. Back.SelectMany(step => new[] { $"{step}.saving", $"{step}.saved" })]),
    ];

    /// <summary>Those that are no other point's neighbour: between an answer and its record only a death makes a difference.</summary>
    public static IReadOnlyList<FaultPoint> Apart { get; } =
        [.. All.Where(point => !point.Name.EndsWith(".saving", StringComparison.Ordinal))];

    public override string ToString() => $"{Party} at {Name}";

    private static IEnumerable<FaultPoint> Of(string party, bool goesBack, params string[] names)
        => names.Select(name => new FaultPoint(party, name, goesBack));
}
