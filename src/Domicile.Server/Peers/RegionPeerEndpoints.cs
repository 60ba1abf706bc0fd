using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Server.Peers;

/// <summary>What a region's peer listener answers: control's calls, and those of other regions.</summary>
internal sealed class RegionPeerEndpoints(RegionNode node, PeerTls tls, Func<HttpContext, Task> serveS3)
{
    private const int QuestionBytesMax = 16 << 20;

    /// <summary>A relayed S3 request, or a call below /peer/v1/. Who calls is known from the handshake.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var caller = tls.IdentityOf(context);
        if (caller is PeerIdentity.Region && Hops.TryRead(context))
        {
            await serveS3(context);
            return;
        }

        try
        {
            await DispatchAsync(context, caller);
        }
        catch (RegionRefusedException e)
        {
            await AnswerAsync(context, StatusCodes.Status409Conflict, new PeerRefusal(e.Reason), MovesJson.Default.PeerRefusal);
        }
        catch (Exception e) when (e is JsonException or BadHttpRequestException or FormatException or InvalidDataException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
        catch (StorageFullException)
        {
            context.Response.StatusCode = StatusCodes.Status507InsufficientStorage;
        }
    }

    private Task DispatchAsync(HttpContext context, PeerIdentity caller)
    {
        var path = context.Request.Path.Value ?? "";
        const string control = "/peer/v1/region/";
        return (caller, path) switch
        {
            (PeerIdentity.Control, _) when path.StartsWith(control, StringComparison.Ordinal)
                => CallAsync(context, path[control.Length..]),
            (PeerIdentity.Region(var region), "/peer/v1/changes") => RegionLinkEndpoints.ChangesAsync(context, node, region),
            (PeerIdentity.Region, "/peer/v1/probe") => RegionLinkEndpoints.ProbeAsync(context),
            (PeerIdentity.Region(var region), "/peer/v1/refuse") => RegionLinkEndpoints.RefuseAsync(context, node, region),
            (PeerIdentity.Region(var region), "/peer/v1/handover") => RegionLinkEndpoints.HandOverAsync(context, node, region),
            _ => AnswerAsync(
                context, StatusCodes.Status403Forbidden, new PeerRefusal($"{caller} may not ask for {path}."),
                MovesJson.Default.PeerRefusal),
        };
    }

    private async Task CallAsync(HttpContext context, string call)
    {
        var question = await ReadAsync(context, MovesJson.Default.PeerCall);
        var cancelled = context.RequestAborted;
        await (call switch
        {
            "status" => AnswerAsync(context, await node.StatusAsync(cancelled), MovesJson.Default.RegionStatus),
            "offerSecret" => AnswerAsync(context, node.Secrets.Draw(), MovesJson.Default.SecretOffer),
            "createAccount" => DoneAsync(context, CreateAccountAsync(question, cancelled)),
            "execute" => AnswerAsync(context, await ExecuteAsync(question, cancelled), MovesJson.Default.CommandResult),
            "listKeys" => AnswerAsync(
                context, await node.ListKeysAsync(question.Account!.Value, cancelled),
                MovesJson.Default.IReadOnlyListAccessKeyView),
            "findAccount" => AnswerAsync(
                context, await node.FindAccountAsync(question.Account!.Value, cancelled), MovesJson.Default.AccountStatus!),
            "measureUsage" => AnswerAsync(
                context, await node.MeasureUsageAsync(question.Account!.Value, cancelled), MovesJson.Default.AccountUsage),
            "verifyDeep" => AnswerAsync(
                context, await node.VerifyDeepAsync(question.Account!.Value, cancelled), MovesJson.Default.DeepVerification),
            "eraseAccount" => AnswerAsync(
                context, await node.EraseAccountAsync(question.Account!.Value, question.Epoch, question.Salt!, cancelled),
                MovesJson.Default.ByteArray),
            "measureLink" => AnswerAsync(
                context, await node.MeasureLinkAsync(question.Source!.Value, cancelled), MovesJson.Default.LinkMeasure!),
            "discard" => DoneAsync(context, node.DiscardAsync(question.Order!, cancelled)),
            "update" => DoneAsync(context, node.UpdateAsync(question.Update!, cancelled)),
            "examine" => AnswerAsync(
                context, await node.ExamineAsync(cancelled), MovesJson.Default.IReadOnlyListDoctorFinding),
            _ => AnswerAsync(context, await StepAsync(call, question, cancelled), MovesJson.Default.StepAnswer),
        });
    }

    private async Task CreateAccountAsync(PeerCall question, CancellationToken cancelled)
    {
        using var first = node.Secrets.Open(question.Credential!, question.Secret!);
        await node.CreateAccountAsync(question.Profile!, first, cancelled);
    }

    private async Task<CommandResult> ExecuteAsync(PeerCall question, CancellationToken cancelled)
    {
        if (question is not { Command: AddCredential added, Secret: { } secret })
        {
            return await node.ExecuteAsync(question.Account!.Value, question.Command!, cancelled);
        }

        using var credential = node.Secrets.Open(added.Credential, secret);
        return await node.ExecuteAsync(question.Account!.Value, new AddCredential(credential), cancelled);
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
            "activate" => node.ActivateAsync(order, question.FinalSeq, question.Digest!, question.Statement!, cancelled),
            "refuse" => node.RefuseAsync(order, question.Reason ?? "Aborted.", cancelled),
            "unseal" => node.UnsealAsync(order, cancelled),
            "settle" => node.SettleAsync(order, cancelled),
            "erase" => node.EraseAsync(order, question.Statement!, cancelled),
            _ => throw new BadHttpRequestException($"There is no call {call}."),
        };
    }

    private static async Task DoneAsync(HttpContext context, Task call)
    {
        await call;
        await AnswerAsync(context, true, MovesJson.Default.Boolean);
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize =
            QuestionBytesMax;
        return await context.Request.ReadFromJsonAsync(type, context.RequestAborted)
            ?? throw new BadHttpRequestException("The question is null.");
    }

    private static Task AnswerAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type)
        => AnswerAsync(context, StatusCodes.Status200OK, answer, type);

    private static Task AnswerAsync<T>(HttpContext context, int status, T answer, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(answer, type, cancellationToken: context.RequestAborted);
    }
}
