using System.Collections.Concurrent;

namespace Domicile.Cli.Demo;

/// <summary>A write that the store acknowledged.</summary>
/// <param name="Sha256">Of the bytes that were sent, in hex.</param>
internal sealed record AcknowledgedWrite(string Bucket, string Key, string? VersionId, string? ETag, string Sha256);

/// <summary>A request as a device saw it, retries of its client included.</summary>
internal readonly record struct Answered(DateTimeOffset Start, TimeSpan Took);

/// <summary>What one person's devices did and were told. Written by one device at a time, read when it has stopped.</summary>
internal sealed class Journal
{
    // Of one person; a device at 50 requests a second would need two hours for more.
    private const int AnswersMax = 400_000;

    private readonly ConcurrentQueue<AcknowledgedWrite> _writes = new();
    private readonly ConcurrentQueue<Answered> _answers = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private long _requests;

    public long Requests => Interlocked.Read(ref _requests);

    public IReadOnlyCollection<AcknowledgedWrite> Writes => _writes;

    public IReadOnlyCollection<Answered> Answers => _answers;

    /// <summary>Requests that failed though the client had retried, and answers that were wrong.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    public void Acknowledged(AcknowledgedWrite write) => _writes.Enqueue(write);

    public void Answered(DateTimeOffset start, TimeSpan took)
    {
        Interlocked.Increment(ref _requests);
        if (_answers.Count < AnswersMax)
        {
            _answers.Enqueue(new Answered(start, took));
        }
    }

    public void Failed(string what)
    {
        Interlocked.Increment(ref _requests);
        _failures.Enqueue(what);
    }
}
