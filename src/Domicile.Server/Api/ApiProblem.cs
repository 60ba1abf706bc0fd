using Domicile.Control;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Domicile.Server.Api;

/// <summary>An error of the API: a status and one document that says what went wrong and what to do next.</summary>
internal sealed class ApiProblem(int status, string error, string? next) : IResult, IStatusCodeHttpResult
{
    private const string RetryAfterSeconds = "2";

    public int? StatusCode => status;

    public static ApiProblem Of(Refusal refusal)
        => new(
            refusal.Kind switch
            {
                RefusalKind.Malformed => StatusCodes.Status400BadRequest,
                RefusalKind.NotFound => StatusCodes.Status404NotFound,
                RefusalKind.Conflict => StatusCodes.Status409Conflict,
                RefusalKind.Forbidden => StatusCodes.Status422UnprocessableEntity,
                RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
                _ => throw new InvariantViolatedException(refusal.Kind.ToString()),
            },
            refusal.Error, refusal.Next);

    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        return context.Response.WriteAsJsonAsync(
            new Problem(error, next), ApiJson.Default.Problem, contentType: null, context.RequestAborted);
    }
}

/// <summary>Outcomes of control as answers of the API.</summary>
internal static class Answers
{
    public static Results<Ok<T>, ApiProblem> From<T>(Outcome<T> outcome)
        => outcome.Is(out var answer, out var refusal) ? TypedResults.Ok(answer) : ApiProblem.Of(refusal);

    /// <summary>Label of who asks, from the token.</summary>
    public static string Operator(this HttpContext context) => (string)context.Items[OperatorKey]!;

    public const string OperatorKey = "operator";
}
