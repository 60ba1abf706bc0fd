using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>Serves a request: writes the answer and gives null, or gives the error to be answered.</summary>
internal delegate Task<S3Error?> OperationBody(S3Exchange exchange);

/// <summary>A row of the operation table.</summary>
/// <param name="Query">The query name that picks this operation; null for the plain one.</param>
/// <param name="IsWrite">Needs the account to be writable, so it waits while the account is sealed.</param>
internal sealed record Operation(
    string Name, string Method, TargetKind Target, string? Query, bool IsWrite, OperationBody RunAsync)
{
    /// <summary>A second query name or a header that must be there too; null for none.</summary>
    public string? AndQuery { get; init; }

    public string? AndHeader { get; init; }
}
