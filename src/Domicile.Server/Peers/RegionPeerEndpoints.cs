using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Objects;
using Microsoft.AspNetCore.Http.Features;

namespace Domicile.Server.Peers;

/// <summary>What a region's peer listener answers: control's calls, and those of other regions.</summary>
internal sealed partial class RegionPeerEndpoints(
    RegionNode node, PeerTls tls, RequestDelegate serveS3, ILogger<RegionPeerEndpoints> log)
{
    /// <summary>Below it are control's calls.</summary>
    public const string ControlPath = "/peer/v1/region/";

    private readonly CallerTurns _turns = new();

    /// <summary>
    /// Steps of a move that can be taken back, and the question what became of it: control's signature is under the order,
    /// which costs nothing while requests wait. All else that control says, it signs each time.
    /// </summary>
    public static bool GoesByItsOrder(string call)
        => call is "prepare" or "arrive" or "seal" or "drain" or "depart" or "refuse";

    /// <summary>A relayed S3 request, or a call below /peer/v1/. Who calls is known from the handshake.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var caller = tls.IdentityOf(context);
        context.SetSource(caller);
        if (await IsRefusedAsync(context, caller))
        {
            return;
        }

        using var turn = _turns.TryTake(caller, KindOf(context));
        if (turn is null)
        {
            await RequestForwarder.AnswerBusyAsync(context, "This region has too many requests open.");
            return;
        }

        if (caller is PeerIdentity.Region(var relay) && context.Request.Path.Value == RelayEndpoint.Path)
        {
            await RelayEndpoint.HandleAsync(context, relay, serveS3);
            return;
        }

        await AnswerAsync(context, caller);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The last place where a bug can still become an answer.")]
    private async Task AnswerAsync(HttpContext context, PeerIdentity caller)
    {
        try
        {
            await DispatchAsync(context, caller);
        }
        catch (RegionRefusedException e)
        {
            if (e is OrderRefusedException)
            {
                node.Region.Security.Record(SecurityEvent.OrderRefused, context.SourceOf(), "notSignedByControl");
            }

            await AnswerAsync(context, StatusCodes.Status409Conflict, new PeerRefusal(e.Reason), MovesJson.Default.PeerRefusal);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller is gone: nobody is there to answer.
        }
        catch (StorageFullException full) when (caller is PeerIdentity.Control)
        {
            await AnswerAsync(
                context, StatusCodes.Status409Conflict, new PeerRefusal(full.Message), MovesJson.Default.PeerRefusal);
        }
        catch (StorageFullException)
        {
            Fail(context, StatusCodes.Status507InsufficientStorage);
        }
        catch (StorageUnreadableException damaged) when (caller is PeerIdentity.Control)
        {
            // This account alone: the region answers, and says so.
            await AnswerAsync(
                context, StatusCodes.Status409Conflict, new PeerRefusal(damaged.WithNext), MovesJson.Default.PeerRefusal);
        }
        catch (Exception e) when (IsOfTheQuestion(e))
        {
            LogNonsense(log, caller, KindOf(context), e.GetType().Name);
            Fail(context, StatusCodes.Status400BadRequest);
        }
        catch (Exception failure) when (failure is not InvariantViolatedException)
        {
            LogFailure(log, caller, KindOf(context), failure);
            Fail(context, StatusCodes.Status500InternalServerError);
        }
    }

    // An answer to a relayed request is its client's: it says nothing of the link.
    private async Task<bool> IsRefusedAsync(HttpContext context, PeerIdentity caller)
    {
        var isRelay = KindOf(context) == PeerRequestKind.Relay;
        if (!isRelay)
        {
            PeerHeader.Say(context);
        }

        if (caller is PeerIdentity.Region(var region) && !node.Region.Knows(region))
        {
            await RefuseAsync(context, $"Region {region} is not of this deployment any more.");
            return true;
        }

        if (PeerHeader.TroubleOf(context, self: $"region {node.Region.Name}", $"{caller}") is not { } trouble)
        {
            return false;
        }

        LogIncompatible(log, trouble);
        await (isRelay
            ? RequestForwarder.AnswerBusyAsync(context, trouble)
            : AnswerAsync(context, StatusCodes.Status409Conflict, new PeerRefusal(trouble), MovesJson.Default.PeerRefusal));
        return true;
    }

    // What no peer of this release would send. Whoever sends it may do so without end: no stack is written for it.
    private static bool IsOfTheQuestion(Exception e)
        => e is JsonException or BadHttpRequestException or FormatException or InvalidDataException or EndOfStreamException
            or ContentCorruptException;

    private static void Fail(HttpContext context, int status)
    {
        if (context.Response.HasStarted)
        {
            context.Abort(); // Else half an answer would look whole.
            return;
        }

        context.Response.StatusCode = status;
    }

    private static PeerRequestKind KindOf(HttpContext context) => context.Request.Path.Value switch
    {
        "/peer/v1/changes" => PeerRequestKind.Changes,
        "/peer/v1/probe" => PeerRequestKind.Probe,
        "/peer/v1/refuse" => PeerRequestKind.Refuse,
        "/peer/v1/handover" => PeerRequestKind.HandOver,
        RelayEndpoint.Path => PeerRequestKind.Relay,
        _ => PeerRequestKind.Call,
    };

    private Task DispatchAsync(HttpContext context, PeerIdentity caller)
    {
        var path = context.Request.Path.Value ?? "";
        return (caller, path) switch
        {
            (PeerIdentity.Control, _) when path.StartsWith(ControlPath, StringComparison.Ordinal)
                => CallAsync(context, path[ControlPath.Length..]),
            (PeerIdentity.Region(var target), "/peer/v1/changes")
                => RegionLinkEndpoints.ChangesAsync(context, node, target, _turns),
            (PeerIdentity.Region, "/peer/v1/probe") => RegionLinkEndpoints.ProbeAsync(context),
            (PeerIdentity.Region(var source), "/peer/v1/refuse") => RegionLinkEndpoints.RefuseAsync(context, node, source),
            (PeerIdentity.Region(var former), "/peer/v1/handover") => RegionLinkEndpoints.HandOverAsync(context, node, former),
            _ => RefuseAsync(context, $"{caller} may not ask for {PeerText.Clean(path)}."),
        };
    }

    private Task RefuseAsync(HttpContext context, string reason)
    {
        node.Region.Security.Record(SecurityEvent.PeerRefused, context.SourceOf(), "notAllowed");
        return AnswerAsync(context, StatusCodes.Status403Forbidden, new PeerRefusal(reason), MovesJson.Default.PeerRefusal);
    }

    private async Task CallAsync(HttpContext context, string call)
    {
        if (await ReadCallAsync(context, call) is not { } question)
        {
            await RefuseAsync(context, $"The call {PeerText.Clean(call)} is not signed by control.");
            return;
        }

        var cancelled = context.RequestAborted;
        await (call switch
        {
            "status" => AnswerAsync(context, await node.StatusAsync(cancelled), MovesJson.Default.RegionStatus),
            "offerSecret" => AnswerAsync(context, node.Secrets.Draw(), MovesJson.Default.SecretOffer),
            "createAccount" => DoneAsync(context, CreateAccountAsync(question, cancelled)),
            "createAccounts" => AnswerAsync(
                context, await CreateAccountsAsync(question, cancelled), MovesJson.Default.IReadOnlyListString!),
            "execute" => AnswerAsync(context, await ExecuteAsync(question, cancelled), MovesJson.Default.CommandResult),
            "rotateKey" => AnswerAsync(
                context, await node.RotateKeyAsync(Given(question.Account), Given(question.Rotation), cancelled),
                MovesJson.Default.KeyRenewal),
            "describeKeys" => AnswerAsync(
                context, await node.DescribeKeysAsync(Given(question.Account), cancelled), MovesJson.Default.KeyRenewal),
            "stateReencryption" => AnswerAsync(
                context,
                await node.StateReencryptionAsync(
                    Given(question.Account), Given(question.Move), Given(question.Salt), cancelled),
                MovesJson.Default.ByteArray),
            "listKeys" => AnswerAsync(
                context, await node.ListKeysAsync(Given(question.Account), cancelled),
                MovesJson.Default.IReadOnlyListAccessKeyView),
            "findAccount" => AnswerAsync(
                context, await node.FindAccountAsync(Given(question.Account), cancelled), MovesJson.Default.AccountStatus!),
            "findAccounts" => AnswerAsync(
                context, await node.FindAccountsAsync(GivenFew(question.Accounts), cancelled),
                MovesJson.Default.IReadOnlyListAccountStatus!),
            "measureUsages" => AnswerAsync(
                context, await node.MeasureUsagesAsync(GivenFew(question.Accounts), cancelled),
                MovesJson.Default.IReadOnlyListMeasuredAccount),
            "measureUsage" => AnswerAsync(
                context, await node.MeasureUsageAsync(Given(question.Account), cancelled), MovesJson.Default.AccountUsage),
            "verifyDeep" => AnswerAsync(
                context, await node.VerifyDeepAsync(Given(question.Account), cancelled), MovesJson.Default.DeepVerification),
            "eraseAccount" => AnswerAsync(
                context, await node.EraseAccountAsync(Given(question.Account), question.Epoch, Given(question.Salt), cancelled),
                MovesJson.Default.ByteArray),
            "measureLink" => AnswerAsync(
                context, await node.MeasureLinkAsync(Given(question.Source), cancelled), MovesJson.Default.LinkMeasure!),
            "endHandOvers" => DoneAsync(
                context, node.EndHandOversAsync(Given(question.Order), Given(question.Statement), cancelled)),
            "discard" => DoneAsync(context, node.DiscardAsync(Given(question.Order), cancelled)),
            "update" => DoneAsync(context, node.UpdateAsync(Given(question.Update), cancelled)),
            "examine" => AnswerAsync(
                context, await node.ExamineAsync(cancelled), MovesJson.Default.IReadOnlyListDoctorFinding),
            _ => AnswerAsync(context, await StepAsync(call, question, cancelled), MovesJson.Default.StepAnswer),
        });
    }

    private async Task CreateAccountAsync(PeerCall question, CancellationToken cancelled)
    {
        using var first = node.Secrets.Open(Given(question.Credential), Given(question.Secret));
        await node.CreateAccountAsync(Given(question.Profile), first, cancelled);
    }

    private async Task<IReadOnlyList<string?>> CreateAccountsAsync(PeerCall question, CancellationToken cancelled)
    {
        var asked = Given(question.Made);
        if (asked.Count is 0 or > MoveLimits.AccountsMadeMax
            || asked.Any(one => one is not { Profile: not null, First: not null, Secret.Box: not null }))
        {
            throw new BadHttpRequestException($"1 to {MoveLimits.AccountsMadeMax} accounts are made at a time, each with its key.");
        }

        var keys = node.Secrets.OpenAll([.. asked.Select(one => (one.First, one.Secret!))]);
        try
        {
            return await node.CreateAccountsAsync(
                [.. asked.Zip(keys, (one, key) => new FirstHome(one.Profile, key))], cancelled);
        }
        finally
        {
            foreach (var key in keys)
            {
                key.Dispose();
            }
        }
    }

    private async Task<CommandResult> ExecuteAsync(PeerCall question, CancellationToken cancelled)
    {
        if (question is not { Command: AddCredential added, Secret: { } secret })
        {
            return await node.ExecuteAsync(Given(question.Account), Given(question.Command), cancelled);
        }

        using var credential = node.Secrets.Open(added.Credential, secret);
        return await node.ExecuteAsync(Given(question.Account), new AddCredential(credential), cancelled);
    }

    private Task<StepAnswer> StepAsync(string call, PeerCall question, CancellationToken cancelled)
    {
        var order = question.Order ?? throw new BadHttpRequestException("The call has no order.");
        return call switch
        {
            "prepare" => node.PrepareAsync(order, cancelled),
            "arrive" => node.ArriveAsync(order, cancelled),
            "seal" => node.SealAsync(order, cancelled),
            "drain" => node.DrainAsync(order, question.FinalSeq, cancelled),
            "depart" => node.DepartAsync(order, cancelled),
            "activate" => node.ActivateAsync(order, question.FinalSeq, Given(question.Digest), Given(question.Statement), cancelled),
            "refuse" => node.RefuseAsync(order, question.Reason ?? "Aborted.", cancelled),
            "unseal" => node.UnsealAsync(order, cancelled),
            "settle" => node.SettleAsync(order, cancelled),
            "erase" => node.EraseAsync(order, Given(question.Statement), cancelled),
            _ => throw new BadHttpRequestException($"There is no call {call}."),
        };
    }

    private static async Task DoneAsync(HttpContext context, Task call)
    {
        await call;
        await AnswerAsync(context, true, MovesJson.Default.Boolean);
    }

    /// <returns>Null where control has not signed the call.</returns>
    private async Task<PeerCall?> ReadCallAsync(HttpContext context, string call)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = call switch
        {
            "update" => PeerLimits.DirectoryBytesMax,
            "createAccounts" => PeerLimits.ManyAccountsBytesMax,
            _ => PeerLimits.MessageBytesMax,
        };
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.GetBuffer().AsSpan(0, (int)body.Length);
        return GoesByItsOrder(call)
            || node.Region.Orders.IsControls(node.Region.Name, call, bytes, context.Request.Headers[ControlSignature.HeaderName])
            ? JsonSerializer.Deserialize(bytes, MovesJson.Default.PeerCall) ?? throw new BadHttpRequestException("The question is null.")
            : null;
    }

    /// <summary>A question of at most so many bytes.</summary>
    /// <exception cref="BadHttpRequestException">There are more.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int bytesMax)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = bytesMax;
        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
            ?? throw new BadHttpRequestException("The question is null.");
    }

    private static IReadOnlyList<AccountId> GivenFew(IReadOnlyList<AccountId>? accounts)
        => Given(accounts) is { Count: <= MoveLimits.AccountsAskedMax } few
            ? few : throw new BadHttpRequestException($"More than {MoveLimits.AccountsAskedMax} accounts are asked about.");

    private static T Given<T>(T? argument, [CallerArgumentExpression(nameof(argument))] string name = "")
        where T : class
        => argument ?? throw new BadHttpRequestException($"There is no {name}.");

    private static T Given<T>(T? argument, [CallerArgumentExpression(nameof(argument))] string name = "")
        where T : struct
        => argument ?? throw new BadHttpRequestException($"There is no {name}.");

    private static Task AnswerAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type)
        => AnswerAsync(context, StatusCodes.Status200OK, answer, type);

    private static Task AnswerAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(answer, type, cancellationToken: context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Caller} sent a question ({Kind}) that can't be read or isn't valid: {Cause}.")]
    private static partial void LogNonsense(ILogger log, PeerIdentity caller, PeerRequestKind kind, string cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A question was refused: {Trouble}")]
    private static partial void LogIncompatible(ILogger log, string trouble);

    [LoggerMessage(Level = LogLevel.Error, Message = "A question of {Caller} ({Kind}) failed")]
    private static partial void LogFailure(ILogger log, PeerIdentity caller, PeerRequestKind kind, Exception failure);
}
