using System.IO.Pipelines;
using System.Text;
using Domicile.Server.Hosting.StrictHttp;
using Xunit;

namespace Domicile.Tests.Hosting;

/// <summary>A strict reader between a real pipe and a consumer that takes bytes as a parser would.</summary>
internal static class StrictReader
{
    public const int RequestLineBytesMax = 256;
    public const int HeadBytesMax = 512;

    /// <summary>What the reader puts in the place of bytes that are no HTTP.</summary>
    public const string NoHttp = "?\r\n\r\n";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>All that the reader shows of these pieces, each of which comes only when the one before it has been read.</summary>
    /// <param name="consume">How many of so many bytes the parser takes at a time; the rest it has examined.</param>
    public static async Task<string> ShowAsync(IEnumerable<byte[]> pieces, Func<long, long> consume, bool isEnded = true)
    {
        // Small blocks, so that lines lie in several of them.
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 16, pauseWriterThreshold: 0, useSynchronizationContext: false));
        var reader = new StrictPipeReader(pipe.Reader, new RequestFraming(RequestLineBytesMax, HeadBytesMax));
        var shown = new StringBuilder();
        foreach (var piece in pieces)
        {
            await pipe.Writer.WriteAsync(piece, Stop);
            while (reader.TryRead(out var read))
            {
                if (Take(reader, read, shown, consume) || read.Buffer.IsEmpty)
                {
                    break;
                }
            }
        }

        if (isEnded)
        {
            await pipe.Writer.CompleteAsync();
            while (!Take(reader, await reader.ReadAsync(Stop), shown, static available => available))
            {
            }
        }

        await reader.CompleteAsync();
        return shown.ToString();
    }

    /// <returns>Whether nothing comes any more.</returns>
    private static bool Take(StrictPipeReader reader, ReadResult read, StringBuilder shown, Func<long, long> consume)
    {
        var taken = consume(read.Buffer.Length);
        foreach (var part in read.Buffer.Slice(0, taken))
        {
            shown.Append(Encoding.Latin1.GetString(part.Span));
        }

        reader.AdvanceTo(read.Buffer.GetPosition(taken), read.Buffer.End);
        return read.IsCompleted && taken == read.Buffer.Length;
    }
}
