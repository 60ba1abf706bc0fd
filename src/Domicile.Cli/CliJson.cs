using System.Text.Json.Serialization;
using Domicile.Cli.Demo;
using Domicile.Cli.Local;
using Domicile.Control;

namespace Domicile.Cli;

/// <summary>The CLI's own documents; those of the API are printed as the API states them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UpState))]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(StoppedDocument))]
[JsonSerializable(typeof(AppliedDocument))]
[JsonSerializable(typeof(DrainedDocument))]
[JsonSerializable(typeof(ReceiptDocument))]
[JsonSerializable(typeof(VerifiedDocument))]
[JsonSerializable(typeof(CompletionDocument))]
[JsonSerializable(typeof(DemoDocument))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary><c>status --json</c>. Null where a process is down or not known.</summary>
internal sealed record StatusDocument(ControlStatus Control, string Console, IReadOnlyList<RegionProcesses> Regions, int? Supervisor);

/// <param name="Protocol">What it speaks to the others, such as "1 to 2".</param>
internal sealed record ControlStatus(string Url, int? Pid, string State, string? Management, string? Protocol);

/// <param name="State">ready, starting or down.</param>
/// <param name="Protocol">As with control.</param>
internal sealed record RegionProcesses(
    string Name, string Url, IReadOnlyList<int> Pids, string State, string? Management, string? Protocol);

internal sealed record StoppedDocument(bool Stopped, string Data);

/// <param name="Denied">Accounts that stay: no other region may hold them.</param>
/// <param name="Skipped">Moves that were wanted and could not be begun, and why.</param>
internal sealed record DrainedDocument(
    string Region, IReadOnlyList<MoveView> Moves, IReadOnlyList<DeniedPlacement> Denied, IReadOnlyList<SkippedMove> Skipped);

/// <param name="Skipped">Moves that were wanted and could not be begun, and why.</param>
internal sealed record AppliedDocument(
    long PolicyRevision, IReadOnlyList<MoveView> Moves, IReadOnlyList<DeniedPlacement> Denied,
    IReadOnlyList<SkippedMove> Skipped);

internal sealed record ReceiptDocument(Guid Move, string File, long Bytes);

/// <param name="LedgerTrusted">The ledger's key is the one given with --key; else the receipt agrees with itself, no more.</param>
internal sealed record VerifiedDocument(
    string File, bool Verified, bool LedgerTrusted, IReadOnlyList<VerifiedCheck> Checks);

/// <param name="Outcome">passed, failed or not checked.</param>
internal sealed record VerifiedCheck(string Check, string Outcome, string Detail);

internal sealed record CompletionDocument(string Shell, string Script);
