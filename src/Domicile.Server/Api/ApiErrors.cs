using System.Text.Json;
using Domicile.Control;

namespace Domicile.Server.Api;

/// <summary>Makes a problem document of everything that went wrong before or around an operation.</summary>
internal sealed partial class ApiErrors(RequestDelegate next, ILogger<ApiErrors> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
            if (Explain(context.Response) is { } problem)
            {
                await problem.ExecuteAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left: nobody reads an answer.
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await Explain(bad).ExecuteAsync(context);
        }
        catch (StorageFullException full) when (!context.Response.HasStarted)
        {
            LogFull(log, full.Message);
            await new ApiProblem(
                StatusCodes.Status507InsufficientStorage, "control's disk is full: nothing was changed",
                "free space, or files (inodes), on control's disk; then try again").ExecuteAsync(context);
        }
        catch (Exception broken) when (!context.Response.HasStarted)
        {
            LogBroken(log, broken, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "no operation");
            await new ApiProblem(
                StatusCodes.Status500InternalServerError, "control failed: this is a defect or a broken machine",
                "control's log has the cause; 'domicile doctor' checks disks and database").ExecuteAsync(context);
        }
    }

    private static ApiProblem? Explain(HttpResponse response)
        => response.HasStarted ? null : response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new ApiProblem(
                response.StatusCode, "there is no such operation", $"{ControlApi.DocumentPath} describes every operation"),
            StatusCodes.Status405MethodNotAllowed => new ApiProblem(
                response.StatusCode, "the path has no operation with this method", $"it has {response.Headers.Allow}"),
            >= StatusCodes.Status400BadRequest => new ApiProblem(response.StatusCode, "the request can't be served", null),
            _ => null,
        };

    private static ApiProblem Explain(BadHttpRequestException bad)
        => bad switch
        {
            { StatusCode: StatusCodes.Status413PayloadTooLarge } => new ApiProblem(
                bad.StatusCode, $"the body is longer than {ControlApi.BodyLengthBytesMax} bytes", null),
            { StatusCode: StatusCodes.Status415UnsupportedMediaType } => new ApiProblem(
                bad.StatusCode, "the body is not application/json", "send the header 'Content-Type: application/json'"),
            { InnerException: JsonException json } => new ApiProblem(
                StatusCodes.Status400BadRequest, $"the body is not the document that this operation takes, at {Place(json)}",
                $"{ControlApi.DocumentPath} describes it; unknown members are refused"),
            _ => new ApiProblem(bad.StatusCode, "the request can't be read", $"{ControlApi.DocumentPath} describes every operation"),
        };

    // The reader's own text names types of this program: not for strangers, and no help to them.
    private static string Place(JsonException json)
        => $"{AccountRequests.Shown(json.Path ?? "$")}, line {(json.LineNumber ?? 0) + 1}";

    [LoggerMessage(Level = LogLevel.Error, Message = "Control could not do what it was asked: {Cause}")]
    private static partial void LogFull(ILogger log, string cause);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} of {Operation} broke.")]
    private static partial void LogBroken(ILogger log, Exception broken, string method, string operation);
}
