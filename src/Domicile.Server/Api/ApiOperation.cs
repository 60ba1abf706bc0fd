namespace Domicile.Server.Api;

/// <summary>
/// One operation of the control API. The same table maps the routes and makes the OpenAPI document, so that neither can
/// have what the other lacks.
/// </summary>
/// <param name="Path">Below <see cref="ControlApi.Root"/>, parameters in braces.</param>
/// <param name="Request">The body's document; null where there is none.</param>
/// <param name="Answer">The document of status 200.</param>
internal sealed record ApiOperation(
    string Method, string Path, string Summary, Type? Request, Type Answer, Delegate Handler)
{
    /// <summary>The answer's media type.</summary>
    public string MediaType { get; init; } = "application/json";

    /// <summary>The answer has no schema of ours: a receipt, whose format is a document of its own.</summary>
    public bool IsOpaque { get; init; }
}
