using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace Domicile.Server.Tests.Moves;

/// <summary>Takes down every request of every client, with its times by one monotonic clock and its outcome.</summary>
internal sealed class Recorder
{
    private readonly ConcurrentQueue<Operation> _operations = new();
    private readonly ConcurrentQueue<string> _failures = new();

    public IReadOnlyList<Operation> History => [.. _operations];

    /// <summary>Requests that got an error, or none of the answers that they may get.</summary>
    public IReadOnlyList<string> Failures => [.. _failures];

    /// <summary>Runs one request. What it returns is the operation with what the answer said.</summary>
    public async Task<Operation> RunAsync(Operation planned, Func<Operation, Task<Operation>> act)
    {
        planned = planned with { InvokedAt = Stopwatch.GetTimestamp() };
        try
        {
            var answered = await act(planned);
            return Add(answered with { ReturnedAt = Stopwatch.GetTimestamp(), Outcome = OperationOutcome.Done });
        }
        catch (AmazonS3Exception refused) when (IsConditionRefused(planned, refused))
        {
            return Add(planned with { ReturnedAt = Stopwatch.GetTimestamp(), Outcome = OperationOutcome.Refused });
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException
            or IOException or OperationCanceledException or TimeoutException)
        {
            Fail($"{planned}: {failure.GetType().Name} {failure.Message}");
            return planned.IsWrite ? Add(planned with { WasProbablyNeverSent = IsRefusedConnection(failure) }) : planned;
        }
    }

    public void Fail(string failure) => _failures.Enqueue(failure);

    // Probably: of a client that may send it again, this is what became of the last time.
    private static bool IsRefusedConnection(Exception? failure)
        => failure is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
            || (failure?.InnerException is { } inner && IsRefusedConnection(inner));

    // If-Match on a key that isn't there is 404, an ETag that doesn't match 412 (S3, "conditional requests").
    private static bool IsConditionRefused(Operation planned, AmazonS3Exception answer)
        => planned.Kind switch
        {
            OperationKind.PutIfAbsent => answer.StatusCode == HttpStatusCode.PreconditionFailed,
            OperationKind.CompareAndSet => answer.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound,
            _ => false,
        };

    private Operation Add(Operation operation)
    {
        _operations.Enqueue(operation);
        return operation;
    }
}
