using System.Text.Json;
using System.Text.Json.Serialization;
using Domicile.Control;
using Domicile.Deployments;

namespace Domicile.Server.Api;

/// <summary>Control's API: JSON under <see cref="Root"/>, bearer tokens, every error a document.</summary>
internal static class ControlApi
{
    public const string Root = "/api/v1";
    public const string DocumentPath = Root + "/openapi.json";

    /// <summary>A policy of the largest size, escaped as JSON may, and what stands around it.</summary>
    public const int BodyLengthBytesMax = 1024 * 1024;

    private const int JsonDepthMax = 8;

    public static IReadOnlyList<ApiOperation> Operations { get; } =
    [
        .. AccountsApi.Operations, .. PolicyApi.Operations, .. MovesApi.Operations, .. LedgerApi.Operations,
        .. StatusApi.Operations,
    ];

    public static void AddServices(
        IServiceCollection services, ControlDesk desk, SecurityLog security, TimeProvider time)
    {
        services.AddRouting();
        services.AddSingleton(desk);
        services.AddSingleton(security);
        services.AddSingleton(new TokenThrottle(time));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options => Strict(options.SerializerOptions));
    }

    public static void Map(WebApplication app)
    {
        app.UseMiddleware<ApiErrors>();
        app.UseMiddleware<ApiTokens>();
        app.UseRouting();
        foreach (var operation in Operations)
        {
            app.MapMethods(Root + operation.Path, [operation.Method], operation.Handler);
        }

        var document = OpenApiDocument.Make(Operations);
        app.MapGet(DocumentPath, () => TypedResults.Bytes(document, "application/json"));
        FrontPage.Map(app);
    }

    // One reading of a document for everybody: no unknown and no repeated members, names exactly as they are.
    private static void Strict(JsonSerializerOptions options)
    {
        options.TypeInfoResolver = ApiJson.Default;
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.MaxDepth = JsonDepthMax;
    }
}
