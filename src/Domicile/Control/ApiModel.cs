using System.Text.Json.Serialization;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Control;

// The documents of the control API (/api/v1, JSON in camelCase). The CLI prints the same documents for --json.

/// <param name="Misplaced">Why the account is taken over in a region that the policy forbids; recorded in the ledger.</param>
internal sealed record NewAccount(string Residence, string? Organisation, string? Region, string? Misplaced);

internal sealed record NewAccountView(string Account, string Home, string Endpoint, string AccessKey, string SecretKey);

internal sealed record NewAccounts(IReadOnlyList<NewAccount> Accounts);

/// <summary>A line for each that was asked for, in their order.</summary>
internal sealed record NewAccountsView(IReadOnlyList<NewAccountLine> Accounts);

/// <param name="Made">Null where it was not made.</param>
/// <param name="Error">Why not.</param>
/// <param name="Next">What to do, if anything.</param>
internal sealed record NewAccountLine(NewAccountView? Made, string? Error, string? Next);

internal sealed record AccountView(
    string Account, string Residence, string? Organisation, string? Home, long Epoch, string State, Guid? Move,
    DateTimeOffset CreatedAt, string? Misplaced)
{
    /// <summary>While something lies under a former key of the account, and its home says so; else null.</summary>
    public KeyRenewalView? Encryption { get; init; }
}

internal sealed record AccountList(IReadOnlyList<AccountView> Accounts);

/// <param name="Exposure">ISO 3166-1 codes of the countries that can compel access.</param>
/// <param name="Rule">The name of the policy rule that decides; empty where none matches.</param>
/// <param name="Placed">Whether the home is one that the policy permits.</param>
/// <param name="Target">Where the policy wants it, if it is out of place.</param>
internal sealed record WhereView(
    string Account, string? Home, long Epoch, IReadOnlyList<string> Exposure,
    IReadOnlyDictionary<string, CategoryUsage>? Sizes, string Rule, string Reason, bool Placed, string? Target,
    IReadOnlyList<string> Permitted);

/// <summary>Which rules were tried and what each says of each region.</summary>
internal sealed record ExplainView(string Account, IReadOnlyList<string> Lines, WhereView Where);

internal sealed record NewKey(string Label);

internal sealed record NewKeyView(string AccessKey, string SecretKey, string Label);

internal sealed record KeyList(IReadOnlyList<AccessKeyView> Keys);

/// <summary>The keys of an account's contents.</summary>
/// <param name="Keys">1, or more while contents lie under former keys.</param>
/// <param name="NewKeyAt">When the newest was drawn by a move or a rotation; null where it came with the account.</param>
/// <param name="EndedAt">When the former ones were destroyed; null while there are any.</param>
/// <param name="ContentsLeft">Still under a former key, damaged ones included.</param>
/// <param name="BytesLeft">Of plain content, of those that are still to be looked at.</param>
/// <param name="Damaged">Contents and secrets of access keys that open under no key: for them the former keys stay.</param>
internal sealed record KeyRenewalView(
    string Account, string Home, int Keys, DateTimeOffset? NewKeyAt, DateTimeOffset? EndedAt, long ContentsLeft,
    long BytesLeft, long Damaged);

/// <param name="Text">policy.yaml as it is.</param>
internal sealed record PolicyText(string Text);

internal sealed record PolicyView(long Revision, string Text, string Sha256, DateTimeOffset Since);

internal sealed record PolicyCheckView(bool Valid, IReadOnlyList<string> Errors, IReadOnlyList<string> Notes);

/// <param name="Policy">A policy to plan or apply instead of the one in force; null for that.</param>
/// <param name="AtOnce">How many moves run at the same time; null for the default of 4.</param>
internal sealed record PlanRequest(string? Policy, int? AtOnce);

/// <param name="EstimatedSeconds">Alone; the plan's is of all of them, so many at once, until the last is erased where it was.</param>
internal sealed record PlannedMove(
    string Account, string Residence, string? Organisation, string From, string To, string Rule, string Reason,
    long Objects, long Bytes, double EstimatedSeconds);

/// <param name="Denied">Accounts that no region may hold, with the reason: they stay where they are until the policy changes.</param>
internal sealed record PlanView(
    IReadOnlyList<PlannedMove> Moves, IReadOnlyList<DeniedPlacement> Denied, int InPlace, long Objects, long Bytes,
    double EstimatedSeconds, IReadOnlyList<PlanTrouble> Troubles);

/// <summary>A region that did not say how much its accounts hold: they are planned by what it last said.</summary>
internal sealed record PlanTrouble(string Region, int Accounts, string Reason);

internal sealed record DeniedPlacement(string Account, string Residence, string Home, string Reason);

/// <param name="Skipped">Planned moves that could not be begun, and why. Apply again when that is mended.</param>
internal sealed record ApplyView(
    long PolicyRevision, IReadOnlyList<Guid> Moves, IReadOnlyList<DeniedPlacement> Denied,
    IReadOnlyList<SkippedMove> Skipped);

internal sealed record SkippedMove(string Account, string To, string Reason);

/// <param name="EraseAfterSeconds">How long the source keeps its (departed) copy; 0 by default.</param>
internal sealed record NewMove(string Account, string To, double? EraseAfterSeconds);

/// <param name="State">
/// planned, copying, sealing, draining, departing, activating, refusing, unsealing, settling, erasing, done, aborted or
/// failed.
/// </param>
/// <param name="RemainingSeconds">
/// Until it is over, waiting for its turn included and waiting for <c>--erase-after</c> not; null where nobody can say, or
/// it is over.
/// </param>
/// <param name="CopyMs">From the beginning of the copy until it had settled; null before, and where it was disturbed.</param>
/// <param name="EraseMs">Erasing at the source, and the receipt; null as with CopyMs.</param>
/// <param name="PauseMs">From the seal to the activation, as the regions' writes saw it; null before.</param>
internal sealed record MoveView(
    Guid Move, string Account, string From, string To, string State, long Epoch, long Objects, long Bytes, long Cursor,
    long SourceSeq, double? PauseMs, string? Reason, string? Trouble, string? Rule, DateTimeOffset RequestedAt,
    DateTimeOffset? ActivatedAt, DateTimeOffset? ErasedAt, DateTimeOffset? EndedAt, long? LedgerIndex,
    double? RemainingSeconds, double? CopyMs, double? EraseMs);

/// <param name="Older">How many moves were asked for before all of these.</param>
internal sealed record MoveList(IReadOnlyList<MoveView> Moves, long Older = 0);

internal sealed record LedgerEntryView(long Index, string Kind, DateTimeOffset At, string LeafBase64, string LeafHash);

internal sealed record CheckpointView(string Note, string PublicKeyPem);

internal sealed record LedgerProofView(long Index, long TreeSize, string LeafHash, IReadOnlyList<string> Hashes, string Checkpoint);

/// <param name="Enrolled">Control knows by which key the region signs; else no account is placed there or moved.</param>
/// <param name="Fingerprint">Of the key that the region shows; null where it doesn't answer.</param>
/// <param name="Draining">Accounts leave it, and none come.</param>
/// <param name="Protocol">What it speaks to other processes, such as "1 to 2"; null where it doesn't answer.</param>
/// <param name="AccountFormat">The newest format of account.db that it opens; null where it doesn't say.</param>
/// <param name="Trouble">Why control gets no answer from it; null where it does.</param>
internal sealed record RegionView(
    string Name, string Country, string Operator, string OperatorCountry, string Owner, string OwnerCountry,
    string Custodian, string CustodianCountry, string Endpoint, string State, int? Pid, int Accounts, bool Enrolled,
    string? Fingerprint, bool Draining, string? Protocol = null, int? AccountFormat = null, string? Trouble = null);

/// <param name="AtOnce">How many moves run at the same time; null for the default of 4.</param>
internal sealed record DrainRegion(int? AtOnce);

/// <param name="Moves">Those that were begun: wait for them.</param>
/// <param name="Denied">Accounts that no other region may hold: they stay until the policy permits one.</param>
/// <param name="Skipped">Moves that could not be begun, and why. Drain again when that is mended.</param>
internal sealed record DrainView(
    string Region, IReadOnlyList<Guid> Moves, IReadOnlyList<DeniedPlacement> Denied, IReadOnlyList<SkippedMove> Skipped);

/// <param name="WasDraining">False: nothing was to be ended.</param>
internal sealed record UndrainedRegion(string Region, bool WasDraining);

/// <summary>What a reload has changed, by the names of regions.</summary>
internal sealed record ReloadView(
    IReadOnlyList<string> Added, IReadOnlyList<string> Removed, IReadOnlyList<string> Changed, IReadOnlyList<string> Regions);

/// <param name="Fingerprint">Of the region's signing key, as its own machine says it: <c>SHA256:</c> and 64 hex digits.</param>
internal sealed record EnrolRegion(string Fingerprint);

internal sealed record EnrolledRegion(string Name, string Fingerprint);

internal sealed record RegionList(IReadOnlyList<RegionView> Regions);

/// <param name="Protocol">What control speaks to regions; null of release 0.1.0.</param>
internal sealed record StatusView(
    string Deployment, long PolicyRevision, IReadOnlyList<RegionView> Regions, int MovesOpen, string? Protocol = null);

internal sealed record DoctorView(IReadOnlyList<DoctorFinding> Findings);

internal sealed record DeepVerificationView(string Account, string Home, DeepVerification Result);

internal sealed record EraseView(string Account, long LedgerIndex);

/// <summary>Every error of the API, with the status 4xx or 5xx. <paramref name="Next"/> says what to do.</summary>
internal sealed record Problem(string Error, string? Next);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DrainRegion))]
[JsonSerializable(typeof(DrainView))]
[JsonSerializable(typeof(UndrainedRegion))]
[JsonSerializable(typeof(ReloadView))]
[JsonSerializable(typeof(NewAccount))]
[JsonSerializable(typeof(NewAccountView))]
[JsonSerializable(typeof(NewAccounts))]
[JsonSerializable(typeof(NewAccountsView))]
[JsonSerializable(typeof(AccountView))]
[JsonSerializable(typeof(AccountList))]
[JsonSerializable(typeof(WhereView))]
[JsonSerializable(typeof(ExplainView))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(NewKeyView))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(KeyRenewalView))]
[JsonSerializable(typeof(PolicyText))]
[JsonSerializable(typeof(PolicyView))]
[JsonSerializable(typeof(PolicyCheckView))]
[JsonSerializable(typeof(PlanRequest))]
[JsonSerializable(typeof(PlanView))]
[JsonSerializable(typeof(ApplyView))]
[JsonSerializable(typeof(NewMove))]
[JsonSerializable(typeof(MoveView))]
[JsonSerializable(typeof(MoveList))]
[JsonSerializable(typeof(LedgerEntryView))]
[JsonSerializable(typeof(CheckpointView))]
[JsonSerializable(typeof(LedgerProofView))]
[JsonSerializable(typeof(RegionList))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(EnrolRegion))]
[JsonSerializable(typeof(EnrolledRegion))]
[JsonSerializable(typeof(AccessKeyView))]
[JsonSerializable(typeof(DoctorView))]
[JsonSerializable(typeof(DeepVerificationView))]
[JsonSerializable(typeof(EraseView))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ApiJson : JsonSerializerContext;
