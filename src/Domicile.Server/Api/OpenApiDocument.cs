using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using Domicile.Control;

namespace Domicile.Server.Api;

/// <summary>
/// The API's description, OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), made from the table of operations and the
/// documents' own types.
/// </summary>
internal static partial class OpenApiDocument
{
    public static byte[] Make(IReadOnlyList<ApiOperation> operations)
    {
        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Domicile control API",
                ["version"] = "1",
                ["description"] = "Every error is a Problem. Unknown members of documents are refused.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = ControlApi.Root }),
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = Paths(operations),
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                },
                ["schemas"] = Schemas(operations),
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes(document);
    }

    private static JsonObject Paths(IReadOnlyList<ApiOperation> operations)
    {
        var paths = new JsonObject();
        foreach (var path in operations.GroupBy(operation => operation.Path))
        {
            var methods = new JsonObject();
            foreach (var operation in path)
            {
                methods[operation.Method.ToLowerInvariant()] = Describe(operation);
            }

            paths[path.Key] = methods;
        }

        return paths;
    }

    private static JsonObject Describe(ApiOperation operation)
    {
        var described = new JsonObject
        {
            ["summary"] = operation.Summary,
            ["parameters"] = new JsonArray([.. Parameter().Matches(operation.Path).Select(match => new JsonObject
            {
                ["name"] = match.Groups[1].Value,
                ["in"] = "path",
                ["required"] = true,
                ["schema"] = new JsonObject { ["type"] = "string" },
            })]),
            ["responses"] = new JsonObject
            {
                ["200"] = Content("Done.", operation.MediaType, AnswerOf(operation)),
                ["default"] = Content("Not done.", "application/json", Reference(typeof(Problem))),
            },
        };
        if (operation.Request is not null)
        {
            described["requestBody"] = Content(null, "application/json", Reference(operation.Request));
            described["requestBody"]!["required"] = true;
        }

        return described;
    }

    private static JsonObject Content(string? description, string mediaType, JsonNode schema)
    {
        var content = new JsonObject
        {
            ["content"] = new JsonObject { [mediaType] = new JsonObject { ["schema"] = schema } },
        };
        if (description is not null)
        {
            content["description"] = description;
        }

        return content;
    }

    private static JsonObject AnswerOf(ApiOperation operation)
        => operation.IsOpaque ? [] : Reference(operation.Answer);

    private static JsonObject Reference(Type type) => new() { ["$ref"] = $"#/components/schemas/{type.Name}" };

    private static JsonObject Schemas(IReadOnlyList<ApiOperation> operations)
    {
        var schemas = new JsonObject();
        var types = operations.Where(operation => !operation.IsOpaque).Select(operation => operation.Answer)
            .Concat(operations.Select(operation => operation.Request).OfType<Type>())
            .Append(typeof(Problem)).Distinct().OrderBy(type => type.Name, StringComparer.Ordinal);
        foreach (var type in types)
        {
            schemas[type.Name] = ApiJson.Default.GetTypeInfo(type)!.GetJsonSchemaAsNode();
        }

        return schemas;
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();
}
