namespace Domicile.Ledger;

/// <summary>What a leaf of the ledger is. The names below are in the table: never rename.</summary>
internal enum LedgerKind
{
    Move,
    Erasure,
    Policy,
    PlacementOverride,
    OperatorAccess,
}

internal static class LedgerKindNames
{
    public static string Name(this LedgerKind kind)
        => kind switch
        {
            LedgerKind.Move => "move",
            LedgerKind.Erasure => "erasure",
            LedgerKind.Policy => "policy",
            LedgerKind.PlacementOverride => "placement-override",
            LedgerKind.OperatorAccess => "operator-access",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind"),
        };

    public static LedgerKind? Parse(string name)
        => Enum.GetValues<LedgerKind>().Where(kind => kind.Name() == name).Select(kind => (LedgerKind?)kind).SingleOrDefault();
}
