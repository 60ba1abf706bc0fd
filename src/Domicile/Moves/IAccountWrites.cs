using Domicile.Objects;

namespace Domicile.Moves;

/// <summary>
/// Where an operation puts the command that it made of a client's request: the gateway, or, at a new home, the attempt of a
/// write that was handed over. Called at most once per request: an attempt has one answer.
/// </summary>
internal interface IAccountWrites
{
    /// <summary>Answers once, and only when the outcome is durable. A wait past its bound answers <c>SlowDown</c>.</summary>
    /// <param name="request">
    /// The client's request, which a new home would run itself; null: nobody signed this command, so it is never handed over.
    /// </param>
    Task<CommandResult> WriteAsync(
        AccountCopy copy, AccountCommand command, ISignedRequest? request, CancellationToken cancellationToken);
}

/// <summary>
/// A client's request that is being served: what a new home needs to run it once more, should the account leave before its
/// write commits. Nothing of it is made before that. What the bytes mean is between whoever serves requests here and
/// <see cref="IRequestReplay"/> there.
/// </summary>
internal interface ISignedRequest
{
    /// <summary>When its head had come, and its signature was looked at.</summary>
    DateTimeOffset ReceivedAt { get; }

    /// <summary>Its head, signature and all; null where too little of the body was kept to send it once more.</summary>
    byte[]? EncodeHead();

    /// <summary>Writes the body as the client sent it. May be called again.</summary>
    Task WriteBodyAsync(Stream destination, CancellationToken cancellationToken);
}
