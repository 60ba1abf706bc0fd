using Domicile.Moves;
using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>A request that is authenticated and served here, and its answer. Its end is that of its signing key.</summary>
/// <param name="receivedAt">When its signature was looked at.</param>
/// <param name="writes">Where its command goes.</param>
internal sealed class S3Exchange(
    HttpContext http, RequestTarget target, ProvenSignature signature, DateTimeOffset receivedAt, AccountCopy copy,
    IAccountWrites writes, S3Options options) : ISignedRequest, IDisposable
{
    public HttpContext Http => http;

    public RequestTarget Target => target;

    public ProvenSignature Signature => signature;

    public AccountCopy Copy => copy;

    public S3Options Options => options;

    public string Bucket => target.Bucket;

    public string Key => target.Key;

    public CancellationToken Aborted => http.RequestAborted;

    public IHeaderDictionary Headers => http.Request.Headers;

    public IHeaderDictionary AnswerHeaders => http.Response.Headers;

    /// <summary>What is kept of the body by whoever has read it.</summary>
    public SentBody Sent { get; set; }

    public DateTimeOffset ReceivedAt => receivedAt;

    public string? Query(string name) => target.Query[name];

    /// <summary>Null where the header isn't there. Several of one name are joined by commas.</summary>
    public string? Header(string name)
    {
        var values = http.Request.Headers[name];
        return values.Count == 0 ? null : values.ToString();
    }

    public async ValueTask<Outcome<Bucket>> FindBucketAsync(string name)
        => await copy.FindBucketAsync(name, Aborted) is { } bucket
            ? bucket
            : S3Error.Of("NoSuchBucket").WithDetail("BucketName", name);

    /// <summary>
    /// Runs the request's one command. The client's going away doesn't stop it: whether it is durable would then be anyone's
    /// guess, and the gateway's waits are bounded. An erasure here does: a hand-over that outlasts its patience ends unanswered.
    /// </summary>
    public async Task<Outcome<T>> WriteAsync<T>(AccountCommand command)
        where T : CommandResult
        => await writes.WriteAsync(copy, command, this, copy.Cut) switch
        {
            T done => done,
            CommandResult.Refused { Code: "SlowDown" } busy => S3Answer.SlowDown(busy.Detail),
            CommandResult.Refused refused => S3Error.Of(refused.Code, refused.Detail),
            var other => throw new InvalidOperationException($"{command.GetType().Name} answered {other.GetType().Name}."),
        };

    public void Dispose() => signature.Key.Dispose();

    byte[]? ISignedRequest.EncodeHead()
        => Sent.IsWhole ? ClientRequest.Of(http, target.HostBucket).Encode() : null;

    Task ISignedRequest.WriteBodyAsync(Stream destination, CancellationToken cancellationToken)
        => Sent.WriteAsync(copy, destination, cancellationToken);
}
