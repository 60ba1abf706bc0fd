namespace Domicile.Cli.Demo;

/// <summary>What a demo came to; the document of <c>demo --json</c>.</summary>
/// <param name="Why">Null where all is well.</param>
/// <param name="Requests">Of the devices, during the moves.</param>
/// <param name="Writes">Acknowledged, all of which were looked for afterwards.</param>
/// <param name="PauseMs">From seal to activation, as the receipts' moves say.</param>
/// <param name="DeviceWaitMs">The longest that any request of an account took around its cut-over.</param>
/// <param name="UsualMs">What a request takes at other times.</param>
/// <param name="MarkersLeft">Places in the old home's files that still have a marker of a moved account.</param>
internal sealed record DemoDocument(
    bool Ok, string? Why, int Accounts, int Moved, long Requests, int Failed, int Writes, Pauses PauseMs,
    Pauses DeviceWaitMs, Pauses UsualMs, int Receipts, int MarkersLeft, double Seconds, string Data, string Console,
    IReadOnlyList<CheckLine> Checks);

/// <summary>One thing that was checked from outside.</summary>
internal sealed record CheckLine(string What, bool Passed, string Detail);
