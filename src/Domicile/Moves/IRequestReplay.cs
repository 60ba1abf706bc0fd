using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Moves;

/// <summary>
/// Runs a client's request that another region hands over: the new home believes the client's signature and nothing else.
/// S3 in production; the simulation has its own.
/// </summary>
internal interface IRequestReplay
{
    /// <summary>
    /// The signature in the request's head, unproven: it names the request, since nobody can make two for the same one. Null
    /// where the bytes are no signed request for a write on this account.
    /// </summary>
    string? SignatureOf(AccountId account, ReadOnlyMemory<byte> head);

    /// <summary>
    /// Checks the signature with the credential of this copy, then runs what the request asks for, as if it had come from its
    /// client. The command goes to <paramref name="writes"/>, once at most.
    /// </summary>
    /// <param name="body">As the client sent it. Where it breaks off, what is answered means nothing.</param>
    /// <param name="asOf">At what time the signature must have been valid.</param>
    /// <returns>What was refused before it came to a command; null where it came to one.</returns>
    Task<ReplayRefusal?> RunAsync(
        AccountCopy copy, ReadOnlyMemory<byte> head, Stream body, DateTimeOffset asOf, IAccountWrites writes,
        CancellationToken cancellationToken);
}

/// <param name="Code">S3's error code.</param>
/// <param name="IsForged">The request isn't its client's, or not any more; else it is, and can't be done.</param>
internal sealed record ReplayRefusal(string Code, string? Detail, bool IsForged);
