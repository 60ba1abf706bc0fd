using System.Collections.Frozen;

namespace Domicile.Server.S3.Wire;

/// <summary>
/// An error as S3 answers it. Codes, statuses and texts: Amazon S3 API Reference, "Error responses".
/// </summary>
/// <param name="Status">The HTTP status.</param>
internal sealed record S3Error(string Code, int Status, string Message)
{
    private static readonly FrozenDictionary<string, (int Status, string Message)> Known = S3ErrorTable.Build();

    /// <summary>Further elements of the XML body, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Further headers of the answer.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <param name="code">One of S3's error codes.</param>
    /// <param name="message">Null for the code's own message.</param>
    public static S3Error Of(string code, string? message = null)
        => Known.TryGetValue(code, out var known)
            ? new S3Error(code, known.Status, message ?? known.Message)
            : new S3Error(code, StatusCodes.Status400BadRequest, message ?? code);

    public static S3Error InvalidArgument(string name, string? value, string message)
        => Of("InvalidArgument", message) with
        {
            Details = [new("ArgumentName", name), new("ArgumentValue", value ?? "")],
        };

    public S3Error WithHeader(string name, string value) => this with { Headers = [.. Headers, new(name, value)] };

    public S3Error WithDetail(string name, string value) => this with { Details = [.. Details, new(name, value)] };
}
