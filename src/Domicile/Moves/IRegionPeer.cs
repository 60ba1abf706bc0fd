using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Proofs.Statements;

namespace Domicile.Moves;

/// <summary>What every message of a move carries. A region acts only if it matches its own records.</summary>
/// <param name="Epoch">The account's epoch at the source; the target's will be one higher.</param>
/// <param name="PolicyRevision">Control's policy when the message was sent; a target whose policy is older doesn't commit.</param>
/// <param name="Salt">32 bytes: statements name the account only as a commitment under it.</param>
internal sealed record MoveOrder(
    Guid Move, AccountProfile Profile, long Epoch, RegionName Source, RegionName Target, long PolicyRevision, byte[] Salt)
{
    public AccountId Account => Profile.Id;

    /// <summary>Control's, over <see cref="ControlSignature.TextOf(MoveOrder)"/>: without it no region acts.</summary>
    public byte[] Signature { get; init; } = [];
}

/// <summary>A region's answer to a step of a move. Each step may be asked again; it answers what is so.</summary>
[System.Text.Json.Serialization.JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Prepared), "prepared")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Arriving), "arriving")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Sealed), "sealed")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Drained), "drained")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Departing), "departing")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Activated), "activated")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Refused), "refused")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Unsealed), "unsealed")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Departed), "departed")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Erased), "erased")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Erasing), "erasing")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Ended), "ended")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(NotNow), "notNow")]
internal abstract record StepAnswer
{
    private StepAnswer()
    {
    }

    /// <summary>Source: the target may follow this copy.</summary>
    public sealed record Prepared : StepAnswer;

    /// <summary>Target: it is being filled; all up to <paramref name="Cursor"/> is stored.</summary>
    /// <param name="SourceSeq">Where the source stood when last heard; -1 before.</param>
    /// <param name="IsNear">So little is missing that it takes no time: the source may be sealed.</param>
    /// <param name="Received">Bytes of contents that have come, and whose rows are still to be stored.</param>
    public sealed record Arriving(
        long Cursor, long SourceSeq, long Objects, long Bytes, string? Trouble, bool IsNear = false, long Received = 0)
        : StepAnswer
    {
        public string? Trouble { get; } = Trouble is null ? null : PeerText.Clean(Trouble);
    }

    /// <summary>Source: no write commits any more in this epoch.</summary>
    public sealed record Sealed(long FinalSeq, byte[] Digest) : StepAnswer;

    /// <summary>Target: stored everything up to the final seq; this is its own digest of it.</summary>
    public sealed record Drained(long Seq, byte[] Digest) : StepAnswer;

    /// <summary>Source: no reads any more. With its signed statement of what it held.</summary>
    public sealed record Departing(byte[] Statement) : StepAnswer;

    /// <summary>Target: it is the home, for ever so in this move. With its signed statement.</summary>
    public sealed record Activated(byte[] Statement) : StepAnswer;

    /// <summary>Target: this move will never be activated.</summary>
    public sealed record Refused(string Reason) : StepAnswer
    {
        public string Reason { get; } = PeerText.Clean(Reason);
    }

    /// <summary>Source: it takes writes again, and this move can't seal it any more.</summary>
    public sealed record Unsealed : StepAnswer;

    /// <summary>Source: a tombstone.</summary>
    public sealed record Departed : StepAnswer;

    /// <summary>Source: nothing of the account is left. With its signed statement.</summary>
    public sealed record Erased(byte[] Statement) : StepAnswer;

    /// <summary>It goes on, and takes longer than a question waits: ask again.</summary>
    public sealed record Erasing : StepAnswer;

    /// <summary>Source: this move is over here; nothing was done.</summary>
    public sealed record Ended : StepAnswer;

    /// <summary>The step can't be done at this moment, or not by this region; nothing was done.</summary>
    public sealed record NotNow(string Reason) : StepAnswer
    {
        public string Reason { get; } = PeerText.Clean(Reason);
    }
}

/// <summary>Where a region stands with an account, for people and for checks.</summary>
internal sealed record AccountStatus(AccountState State, long Epoch, long Seq, RegionName? Peer, Guid? Move, bool HasData);

/// <summary>What a full re-reading of an account found.</summary>
/// <param name="Troubles">Empty if all is as it should be.</param>
internal sealed record DeepVerification(
    long Rows, long Contents, long Bytes, bool DigestMatches, IReadOnlyList<string> Troubles);

/// <summary>Where an account stands with the keys of its contents, at its home.</summary>
/// <param name="Keys">More than one while something lies under a former one.</param>
/// <param name="NewKeyAt">When the newest was drawn; null where it came with the account.</param>
/// <param name="EndedAt">When the former ones were destroyed; null while there are any.</param>
internal sealed record KeyRenewal(
    int Keys, DateTimeOffset? NewKeyAt, DateTimeOffset? EndedAt, long ContentsLeft, long BytesLeft, long Damaged);

/// <summary>An access key without its secret.</summary>
internal sealed record AccessKeyView(string AccessKey, string Label, DateTimeOffset CreatedAt);

/// <param name="Status">ok, warning or error.</param>
/// <param name="Advice">What to do next; empty where nothing is to be done.</param>
internal sealed record DoctorFinding(string Place, string Status, string Finding, string Advice);

/// <summary>What a region says of itself.</summary>
internal sealed record RegionStatus(
    RegionName Region, int ProcessId, long PolicyRevision, long DirectoryVersion, long FreeBytes, DateTimeOffset Now,
    byte[] SigningKey)
{
    /// <summary>The facts that its statements name; null where an older release doesn't say.</summary>
    public RegionClaim? Claim { get; init; }

    /// <summary>Null of release 0.1.0: <see cref="PeerProtocol.Unsaid"/>.</summary>
    public PeerProtocol? Protocol { get; init; }

    /// <summary>The newest format of an account's database that it can open; null of release 0.1.0.</summary>
    public int? AccountFormat { get; init; }

    /// <summary>By which it knows what control says of the regions; null where it doesn't.</summary>
    public string? MembersTag { get; init; }
}

/// <summary>An account's home as the directory knows it.</summary>
/// <param name="Home">Null where the account was erased for good.</param>
internal sealed record DirectoryEntry(AccountProfile Profile, RegionName? Home, long Epoch, long Version)
{
    /// <summary>Whether a copy in <paramref name="here"/> that says it is the home since this epoch can't be true any more.</summary>
    public bool Contradicts(long epoch, RegionName here)
        => Epoch > epoch || (Epoch == epoch && Home is { } home && home != here);
}

/// <summary>
/// One region, as control and other regions see it: over mutually authenticated HTTP in production, directly in a
/// simulator. Every call may be repeated with the same arguments; the second time changes nothing and answers what is so.
/// A lost answer means nothing: ask again. Failures to reach the region are <see cref="RegionUnreachableException"/>.
/// </summary>
internal interface IRegionPeer
{
    Task<RegionStatus> StatusAsync(CancellationToken cancellationToken);

    /// <summary>Makes an account here, active in epoch 1, with its first access key.</summary>
    /// <exception cref="RegionRefusedException">The region knows the account already in another state.</exception>
    Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken);

    /// <summary>Makes many, at most <see cref="MoveLimits.AccountsMadeMax"/>: each is made or refused by itself.</summary>
    /// <returns>In their order: null if it is there now, else why not.</returns>
    Task<IReadOnlyList<string?>> CreateAccountsAsync(IReadOnlyList<FirstHome> accounts, CancellationToken cancellationToken)
        => OneByOne.CreateAsync(this, accounts, cancellationToken);

    /// <summary>
    /// Runs a command of an operator on an account that is active here. It isn't handed over: if the account is sealed
    /// meanwhile, the answer is <c>SlowDown</c>, and control asks again, at the home of then.
    /// </summary>
    /// <exception cref="RegionRefusedException">The account isn't active here.</exception>
    Task<CommandResult> ExecuteAsync(AccountId account, CredentialCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Draws a new key for the contents of an account that is active here, and begins to encrypt again what there is. Asked
    /// again with the same <paramref name="rotation"/>, as long as no other key is drawn, it draws none.
    /// </summary>
    /// <exception cref="RegionRefusedException">
    /// The account isn't active here, a move of it is prepared, or it has as many keys as it may have.
    /// </exception>
    Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken);

    /// <summary>How far encrypting again is.</summary>
    /// <exception cref="RegionRefusedException">The account isn't at home here.</exception>
    Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>The region states how far encrypting again is of what a move brought here. It signs that.</summary>
    /// <returns>The signed statement (a DSSE envelope's bytes).</returns>
    /// <exception cref="RegionRefusedException">
    /// The account isn't at home here in the epoch that this move began, or the salt is not that of the move's arrival.
    /// </exception>
    Task<byte[]> StateReencryptionAsync(AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken);

    Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Null where the region has never heard of the account.</summary>
    Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>The same of many accounts, at most <see cref="MoveLimits.AccountsAskedMax"/>, in their order.</summary>
    Task<IReadOnlyList<AccountStatus?>> FindAccountsAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => OneByOne.FindAsync(this, accounts, cancellationToken);

    Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>
    /// The same of many accounts, at most <see cref="MoveLimits.AccountsAskedMax"/>. It takes longer than clients' requests
    /// that come meanwhile: they go first.
    /// </summary>
    /// <returns>Of at least one of them: those that are not in the answer are asked about again.</returns>
    Task<IReadOnlyList<MeasuredAccount>> MeasureUsagesAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => OneByOne.MeasureAsync(this, accounts, cancellationToken);

    Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Erases an account for good: its data subject asked for it. The region signs it.</summary>
    /// <returns>The signed statement (a DSSE envelope's bytes).</returns>
    Task<byte[]> EraseAccountAsync(AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken);

    /// <summary>Directory entries and the policy in force; older ones than the region has are ignored.</summary>
    Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken);

    Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Measures, as the target of moves, what the link from another region is like, and how fast this one is. Changes
    /// nothing, and takes about a second at most.
    /// </summary>
    /// <returns>Null where it can't be measured.</returns>
    Task<LinkMeasure?> MeasureLinkAsync(RegionName source, CancellationToken cancellationToken)
        => Task.FromResult<LinkMeasure?>(null);

    /// <summary>Source, step 2: lets the target follow this copy; until the move is over deletions leave tombstones.</summary>
    Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Target, step 2: begins to pull, or says how far it is.</summary>
    Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Source, step 3.</summary>
    Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Target, step 4: answers when it has stored all up to the final seq.</summary>
    Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken);

    /// <summary>Source, step 5.</summary>
    Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Target, step 6, the commit point.</summary>
    /// <param name="departure">The source's signed statement, which the target's own will name.</param>
    Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken);

    /// <summary>Target: "tell me it is activated, or never do it".</summary>
    Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken);

    /// <summary>Target: what a failed move left for inspection may go.</summary>
    Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Source: only ever sent after the target's durable refusal.</summary>
    Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Source, step 7: only ever sent after the target's activation.</summary>
    Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken);

    /// <summary>Source, step 8.</summary>
    /// <param name="arrival">The target's signed statement, without which nothing is erased.</param>
    Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken);

    /// <summary>Target, after step 8: nothing waits at the source any more, so it hands over nothing more.</summary>
    /// <param name="erasure">The source's signed statement.</param>
    Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken);
}

/// <summary>An account that is to be made.</summary>
/// <param name="First">Its first access key. Between processes its secret travels sealed, in <paramref name="Secret"/>.</param>
/// <param name="Secret">Null within a process.</param>
internal sealed record FirstHome(AccountProfile Profile, Credential First, BoxedSecret? Secret = null);

/// <param name="Usage">Null where the region can't say.</param>
/// <param name="Trouble">Why not.</param>
internal sealed record MeasuredAccount(AccountId Account, AccountUsage? Usage, string? Trouble)
{
    /// <summary>A region's words, safe to show.</summary>
    public MeasuredAccount Cleaned() => this with { Trouble = Trouble is null ? null : PeerText.Clean(Trouble) };
}

/// <summary>What a target found out about a link to a source, and about itself.</summary>
/// <param name="RoundTrip">Of a question to the source and its answer, on an open connection.</param>
/// <param name="BytesPerSecond">What comes from the source when the link is busy with nothing else.</param>
/// <param name="DigestTime">What one row's digest takes here: how fast its processor is at this moment.</param>
/// <param name="DiskBytesPerSecond">What can be made durable here; 0 where it wasn't measured.</param>
internal sealed record LinkMeasure(
    TimeSpan RoundTrip, double BytesPerSecond, TimeSpan DigestTime, double DiskBytesPerSecond = 0);

/// <param name="PolicyText">Null: no change of policy.</param>
/// <param name="Regions">Those of control's config: whoever is not among them is no peer. Null: no change.</param>
/// <param name="Members">What the config says of each of them. Null: what was told under this tag before.</param>
/// <param name="MembersTag">Names what the config says now; a region that has it is told nothing of it again.</param>
internal sealed record DirectoryUpdate(
    IReadOnlyList<DirectoryEntry> Entries, long PolicyRevision, string? PolicyText, IReadOnlyList<RegionName>? Regions = null,
    IReadOnlyList<RegionMember>? Members = null, string? MembersTag = null);

/// <summary>No answer from the region: it may or may not have acted.</summary>
internal class RegionUnreachableException : IOException
{
    public RegionUnreachableException(RegionName region, string cause, Exception? inner = null)
        : base($"Region {region} does not answer: {cause}", inner)
        => Region = region;

    private protected RegionUnreachableException(string message, RegionName region)
        : base(message)
        => Region = region;

    public RegionName Region { get; }
}

/// <summary>The region and this process have no version in common; neither has acted.</summary>
/// <param name="trouble">With the next step: <see cref="PeerProtocol.TroubleOf"/>.</param>
internal sealed class RegionIncompatibleException(RegionName region, string trouble) : RegionUnreachableException(trouble, region);

/// <summary>The region answered, and did nothing.</summary>
internal class RegionRefusedException(RegionName region, string reason)
    : InvalidOperationException($"Region {region} refused: {PeerText.Clean(reason)}")
{
    public string Reason { get; } = PeerText.Clean(reason);
}

/// <summary>The order that somebody shows is not control's.</summary>
internal sealed class OrderRefusedException(RegionName region, Guid? move)
    : RegionRefusedException(region, $"the order of move {move} is not signed by control");
