using System.Buffers;
using System.IO.Pipelines;

namespace Domicile.Server.Peers;

/// <summary>Reads a short body that is here, or nearly; one that isn't stays unread.</summary>
internal static class SoonBody
{
    /// <returns>The whole body; null, and nothing of it is read, where it is not here in time.</returns>
    public static async Task<byte[]?> TryReadAsync(
        PipeReader reader, int lengthBytes, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        if (lengthBytes == 0)
        {
            return [];
        }

        using var patience = new CancellationTokenSource(atMost, time);
        var ending = patience.Token.UnsafeRegister(EndRead, reader);
        byte[]? body = null;
        var isCancelSeen = false;
        for (var isOver = false; !isOver;)
        {
            var read = await reader.ReadAsync(cancellationToken);
            body = read.Buffer.Length >= lengthBytes ? read.Buffer.ToArray() : null;
            isCancelSeen = read.IsCanceled;
            isOver = body is not null || isCancelSeen || read.IsCompleted;
            reader.AdvanceTo(body is null ? read.Buffer.Start : read.Buffer.End, read.Buffer.End);
        }

        await ending.DisposeAsync();
        if (patience.IsCancellationRequested && !isCancelSeen)
        {
            // It was late: else whoever reads next would be told of it.
            var read = await reader.ReadAsync(cancellationToken);
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
        }

        return body;
    }

    // Runs on a timer, where nobody catches. The client may have reset the request a moment before: then the reader throws
    // here what it throws at the read, which hears of it by itself.
    private static void EndRead(object? reader)
    {
        try
        {
            ((PipeReader)reader!).CancelPendingRead();
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The read throws the same.
        }
    }
}
