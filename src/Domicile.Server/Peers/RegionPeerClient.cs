using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Server.Peers;

/// <summary>A region as control reaches it: each call is one question over the link. See <see cref="RegionPeerEndpoints"/>.</summary>
internal sealed class RegionPeerClient(PeerClients peers, OrderSigner orders, RegionName region) : IRegionPeer
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(12);

    // Deep verification and erasing for good read or write all that an account has.
    private static readonly TimeSpan Long = TimeSpan.FromHours(6);

    public async Task<RegionStatus> StatusAsync(CancellationToken cancellationToken)
        => await AnswerAsync("status", new PeerCall(), MovesJson.Default.RegionStatus, cancellationToken);

    public async Task CreateAccountAsync(AccountProfile profile, Credential first, CancellationToken cancellationToken)
        => await AskAsync(
            "createAccount",
            new PeerCall { Profile = profile, Credential = first, Secret = await SealAsync(first, cancellationToken) },
            MovesJson.Default.Boolean, cancellationToken);

    public Task<IReadOnlyList<string?>> CreateAccountsAsync(
        IReadOnlyList<FirstHome> accounts, CancellationToken cancellationToken)
        => AskAboutManyAsync(
            async () => [.. await CreateTogetherAsync(accounts, cancellationToken) is { } refusals && refusals.Count == accounts.Count
                ? refusals.Select(refusal => refusal is null ? null : PeerText.Clean(refusal)) : throw Nonsense("createAccounts")],
            () => OneByOne.CreateAsync(this, accounts, cancellationToken));

    public async Task<CommandResult> ExecuteAsync(
        AccountId account, CredentialCommand command, CancellationToken cancellationToken)
        => await AnswerAsync(
            "execute",
            new PeerCall
            {
                Account = account,
                Command = command,
                Secret = command is AddCredential added ? await SealAsync(added.Credential, cancellationToken) : null,
            },
            MovesJson.Default.CommandResult, cancellationToken, TimeSpan.FromSeconds(30));

    public async Task<KeyRenewal> RotateKeyAsync(AccountId account, Guid rotation, CancellationToken cancellationToken)
        => await AnswerAsync(
            "rotateKey", new PeerCall { Account = account, Rotation = rotation }, MovesJson.Default.KeyRenewal,
            cancellationToken);

    public async Task<KeyRenewal> DescribeKeysAsync(AccountId account, CancellationToken cancellationToken)
        => await AnswerAsync(
            "describeKeys", new PeerCall { Account = account }, MovesJson.Default.KeyRenewal, cancellationToken);

    public async Task<byte[]> StateReencryptionAsync(
        AccountId account, Guid move, byte[] salt, CancellationToken cancellationToken)
        => await AnswerAsync(
            "stateReencryption", new PeerCall { Account = account, Move = move, Salt = salt }, MovesJson.Default.ByteArray,
            cancellationToken);

    public async Task<IReadOnlyList<AccessKeyView>> ListKeysAsync(AccountId account, CancellationToken cancellationToken)
        => [.. (await AnswersAsync(
            "listKeys", new PeerCall { Account = account }, MovesJson.Default.IReadOnlyListAccessKeyView,
            cancellationToken, TimeSpan.FromSeconds(30), PeerLimits.KeysBytesMax)).Select(key => key.Cleaned())];

    public Task<AccountStatus?> FindAccountAsync(AccountId account, CancellationToken cancellationToken)
        => AskAsync(
            "findAccount", new PeerCall { Account = account }, MovesJson.Default.AccountStatus, cancellationToken);

    public Task<IReadOnlyList<AccountStatus?>> FindAccountsAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => AskAboutManyAsync<AccountStatus?>(
            async () => await AnswerAsync(
                "findAccounts", new PeerCall { Accounts = accounts }, MovesJson.Default.IReadOnlyListAccountStatus,
                cancellationToken, bytesMax: PeerLimits.ManyAccountsBytesMax),
            () => OneByOne.FindAsync(this, accounts, cancellationToken));

    public Task<IReadOnlyList<MeasuredAccount>> MeasureUsagesAsync(
        IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
        => AskAboutManyAsync(
            async () => [.. (await AnswersAsync(
                "measureUsages", new PeerCall { Accounts = accounts }, MovesJson.Default.IReadOnlyListMeasuredAccount,
                cancellationToken, TimeSpan.FromMinutes(2), PeerLimits.ManyAccountsBytesMax))
                .Select(one => one.Usage?.IsPossible != false ? one.Cleaned() : throw Nonsense("measureUsages"))],
            () => OneByOne.MeasureAsync(this, accounts, cancellationToken));

    public async Task<AccountUsage> MeasureUsageAsync(AccountId account, CancellationToken cancellationToken)
        => await AnswerAsync(
            "measureUsage", new PeerCall { Account = account }, MovesJson.Default.AccountUsage, cancellationToken,
            TimeSpan.FromMinutes(2)) is { IsPossible: true } usage ? usage : throw Nonsense("measureUsage");

    public async Task<DeepVerification> VerifyDeepAsync(AccountId account, CancellationToken cancellationToken)
        => (await AnswerAsync(
            "verifyDeep", new PeerCall { Account = account }, MovesJson.Default.DeepVerification, cancellationToken, Long,
            PeerLimits.ExaminationBytesMax)).Cleaned();

    public async Task<byte[]> EraseAccountAsync(
        AccountId account, long epoch, byte[] salt, CancellationToken cancellationToken)
        => await AnswerAsync(
            "eraseAccount", new PeerCall { Account = account, Epoch = epoch, Salt = salt }, MovesJson.Default.ByteArray,
            cancellationToken, Long);

    public Task UpdateAsync(DirectoryUpdate update, CancellationToken cancellationToken)
        => AskAsync("update", new PeerCall { Update = update }, MovesJson.Default.Boolean, cancellationToken);

    public async Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancellationToken)
        => [.. (await AnswersAsync(
            "examine", new PeerCall(), MovesJson.Default.IReadOnlyListDoctorFinding, cancellationToken,
            TimeSpan.FromMinutes(2), PeerLimits.ExaminationBytesMax)).Select(finding => finding.Cleaned())];

    public Task<LinkMeasure?> MeasureLinkAsync(RegionName source, CancellationToken cancellationToken)
        => AskAsync("measureLink", new PeerCall { Source = source }, MovesJson.Default.LinkMeasure, cancellationToken);

    public Task<StepAnswer> PrepareAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("prepare", new PeerCall { Order = order }, cancellationToken);

    public Task<StepAnswer> ArriveAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("arrive", new PeerCall { Order = order }, cancellationToken);

    public Task<StepAnswer> SealAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("seal", new PeerCall { Order = order }, cancellationToken);

    public Task<StepAnswer> DrainAsync(MoveOrder order, long finalSeq, CancellationToken cancellationToken)
        => StepAsync("drain", new PeerCall { Order = order, FinalSeq = finalSeq }, cancellationToken);

    public Task<StepAnswer> DepartAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("depart", new PeerCall { Order = order }, cancellationToken);

    public Task<StepAnswer> ActivateAsync(
        MoveOrder order, long finalSeq, byte[] digest, byte[] departure, CancellationToken cancellationToken)
        => StepAsync(
            "activate", new PeerCall { Order = order, FinalSeq = finalSeq, Digest = digest, Statement = departure },
            cancellationToken);

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => StepAsync("refuse", new PeerCall { Order = order, Reason = reason }, cancellationToken);

    public Task DiscardAsync(MoveOrder order, CancellationToken cancellationToken)
        => AskAsync(
            "discard", new PeerCall { Order = order }, MovesJson.Default.Boolean, cancellationToken, TimeSpan.FromMinutes(10));

    public Task<StepAnswer> UnsealAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("unseal", new PeerCall { Order = order }, cancellationToken);

    public Task<StepAnswer> SettleAsync(MoveOrder order, CancellationToken cancellationToken)
        => StepAsync("settle", new PeerCall { Order = order }, cancellationToken);

    public async Task<StepAnswer> EraseAsync(MoveOrder order, byte[] arrival, CancellationToken cancellationToken)
        => await AnswerAsync(
            "erase", new PeerCall { Order = order, Statement = arrival }, MovesJson.Default.StepAnswer, cancellationToken);

    public Task EndHandOversAsync(MoveOrder order, byte[] erasure, CancellationToken cancellationToken)
        => AskAsync(
            "endHandOvers", new PeerCall { Order = order, Statement = erasure }, MovesJson.Default.Boolean, cancellationToken);

    // A secret would stay in the buffers of the connection and of the region's HTTP server: see SecretBox.
    private async Task<BoxedSecret> SealAsync(Credential credential, CancellationToken cancellationToken)
        => (await SealAllAsync([credential], cancellationToken))[0];

    private async Task<IReadOnlyList<BoxedSecret>> SealAllAsync(
        IReadOnlyList<Credential> credentials, CancellationToken cancellationToken)
    {
        var offer = await AskAsync("offerSecret", new PeerCall(), MovesJson.Default.SecretOffer, cancellationToken);
        try
        {
            return BoxedSecret.SealAll(offer ?? throw new InvalidDataException("The offer is null."), credentials);
        }
        catch (InvalidDataException e)
        {
            throw new RegionUnreachableException(region, "the key that it offers to seal a secret for is none.", e);
        }
    }

    private async Task<IReadOnlyList<string?>> CreateTogetherAsync(
        IReadOnlyList<FirstHome> accounts, CancellationToken cancellationToken)
    {
        var secrets = await SealAllAsync([.. accounts.Select(account => account.First)], cancellationToken);
        return await AnswerAsync(
            "createAccounts",
            new PeerCall { Made = [.. accounts.Zip(secrets, (account, secret) => account with { Secret = secret })] },
            MovesJson.Default.IReadOnlyListString!, cancellationToken, TimeSpan.FromMinutes(1), PeerLimits.ManyAccountsBytesMax);
    }

    // What a region speaks, each of its answers says: an older one refuses the question, and says by that what it is.
    private async Task<IReadOnlyList<T>> AskAboutManyAsync<T>(
        Func<Task<IReadOnlyList<T>>> many, Func<Task<IReadOnlyList<T>>> oneByOne)
    {
        try
        {
            return IsOld() ? await oneByOne() : await many();
        }
        catch (RegionUnreachableException) when (IsOld())
        {
            return await oneByOne();
        }

        bool IsOld() => peers.ProtocolOf(region).Newest < PeerProtocol.ManyAccounts;
    }

    private async Task<StepAnswer> StepAsync(string call, PeerCall question, CancellationToken cancellationToken)
        => await AnswerAsync(call, question, MovesJson.Default.StepAnswer, cancellationToken);

    // A region may say anything: also nothing, and lists with nothing in them.
    private async Task<T> AnswerAsync<T>(
        string call, PeerCall question, JsonTypeInfo<T> answerType, CancellationToken cancellationToken,
        TimeSpan? atMost = null, int bytesMax = PeerLimits.MessageBytesMax)
        where T : class
        => await AskAsync(call, question, answerType, cancellationToken, atMost, bytesMax) ?? throw Nonsense(call);

    private async Task<IReadOnlyList<T>> AnswersAsync<T>(
        string call, PeerCall question, JsonTypeInfo<IReadOnlyList<T>> answerType, CancellationToken cancellationToken,
        TimeSpan? atMost = null, int bytesMax = PeerLimits.MessageBytesMax)
        where T : class
    {
        var answers = await AnswerAsync(call, question, answerType, cancellationToken, atMost, bytesMax);
        return answers.Contains(null!) ? throw Nonsense(call) : answers;
    }

    private RegionUnreachableException Nonsense(string call) => new(region, $"its answer to '{call}' makes no sense.");

    private async Task<T?> AskAsync<T>(
        string call, PeerCall question, JsonTypeInfo<T> answerType, CancellationToken cancellationToken,
        TimeSpan? atMost = null, int bytesMax = PeerLimits.MessageBytesMax)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(question, MovesJson.Default.PeerCall);
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(peers.AddressOf(region), $"{RegionPeerEndpoints.ControlPath}{call}"))
        {
            Version = HttpVersion.Version20,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (!RegionPeerEndpoints.GoesByItsOrder(call))
        {
            request.Headers.Add(ControlSignature.HeaderName, orders.SignCall(region, call, body));
        }

        return await PeerCalls.SendAsync(
            peers, region, PeerLane.Control, request, answerType, new AnswerBounds(atMost ?? Short, bytesMax), cancellationToken);
    }
}
