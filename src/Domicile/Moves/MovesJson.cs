using System.Text.Json.Serialization;
using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Moves;

/// <summary>What regions and control say to each other, JSON in camelCase.</summary>
// Metadata only: the generator's fast path writes a null byte[] as "", so what was left out would arrive as nothing.
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PeerCall))]
[JsonSerializable(typeof(Move))]
[JsonSerializable(typeof(MoveOrder))]
[JsonSerializable(typeof(StepAnswer))]
[JsonSerializable(typeof(StepAnswer.Refused), TypeInfoPropertyName = "StepRefused")]
[JsonSerializable(typeof(HandOver))]
[JsonSerializable(typeof(HandOverAnswer))]
[JsonSerializable(typeof(CommandResult))]
[JsonSerializable(typeof(StoredAttempt))]
[JsonSerializable(typeof(AccountStatus))]
[JsonSerializable(typeof(KeyRenewal))]
[JsonSerializable(typeof(RegionStatus))]
[JsonSerializable(typeof(AccountUsage))]
[JsonSerializable(typeof(IReadOnlyList<MeasuredAccount>))]
[JsonSerializable(typeof(IReadOnlyList<AccountStatus>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(DeepVerification))]
[JsonSerializable(typeof(LinkMeasure))]
[JsonSerializable(typeof(DirectoryUpdate))]
[JsonSerializable(typeof(RegionMember))]
[JsonSerializable(typeof(DirectoryEntry))]
[JsonSerializable(typeof(IReadOnlyList<AccessKeyView>))]
[JsonSerializable(typeof(IReadOnlyList<DoctorFinding>))]
[JsonSerializable(typeof(PeerRefusal))]
[JsonSerializable(typeof(SecretOffer))]
[JsonSerializable(typeof(byte[]))]
[JsonSerializable(typeof(bool))]
internal sealed partial class MovesJson : JsonSerializerContext;

/// <summary>The arguments of a call on a region; each call uses those it needs.</summary>
internal sealed record PeerCall
{
    public MoveOrder? Order { get; init; }
    public AccountId? Account { get; init; }
    public IReadOnlyList<AccountId>? Accounts { get; init; }

    /// <summary>Of accounts to be made.</summary>
    public IReadOnlyList<FirstHome>? Made { get; init; }
    public RegionName? Source { get; init; }
    public AccountProfile? Profile { get; init; }
    public Credential? Credential { get; init; }

    /// <summary>Of the credential, or of the command's: the secret itself is in no document.</summary>
    public BoxedSecret? Secret { get; init; }
    public CredentialCommand? Command { get; init; }
    public DirectoryUpdate? Update { get; init; }
    public long Epoch { get; init; }
    public long FinalSeq { get; init; }
    public byte[]? Digest { get; init; }
    public byte[]? Statement { get; init; }
    public byte[]? Salt { get; init; }
    public string? Reason { get; init; }
    public Guid? Rotation { get; init; }
    public Guid? Move { get; init; }
}

/// <summary>The region answered that it did nothing, and why.</summary>
internal sealed record PeerRefusal(string Reason);
