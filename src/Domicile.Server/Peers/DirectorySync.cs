using System.Text.Json;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>
/// Keeps the region's replica of directory and policy fresh: control pushes changes, and what a push missed is asked for
/// here, at the start and now and then.
/// </summary>
internal sealed partial class DirectorySync(RegionContext region, PeerClients peers, ILogger<DirectorySync> log) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WhileWithoutPolicy = TimeSpan.FromMilliseconds(200);

    // Of a few entries, or of all of a first start, as control reads them from memory.
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = Task.Run(
        () => Loops.KeepRunningAsync("asking for the directory", RunAsync, region.Time, log, _stop.Token), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
                patience.CancelAfter(AnswerMax);
                while (await AskAsync(patience.Token))
                {
                    patience.CancelAfter(AnswerMax);
                }
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                peers.RenewControl();
                LogSilence(log, AnswerMax);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or FormatException)
            {
                var cause = e is JsonException ? "its answer can't be read" : PeerText.Clean(e.Message);
                LogTrouble(log, cause);
            }

            await Task.Delay(region.Directory.Policy is null ? WhileWithoutPolicy : Every, region.Time, stop);
        }
    }

    // An answer holds so many entries at most: there may be more while answers bring news.
    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        var uri = new Uri(
            peers.ControlAddress,
            FormattableString.Invariant($"/peer/v1/directory?since={region.Directory.Version}&policy={region.Directory.PolicyRevision}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        using var response = await peers.SendToControlAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        if (await BoundedJson.ReadAsync(
            response.Content, MovesJson.Default.DirectoryUpdate, PeerLimits.DirectoryBytesMax, cancellationToken) is not { } update)
        {
            return false;
        }

        var version = region.Directory.Version;

        // Where regions are found decides where clients are sent: only what control has signed says it, which is pushed.
        region.Directory.Take(update with { Members = null, MembersTag = null });
        return region.Directory.Version > version;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Control, asked for the directory, has been silent for {Patience}.")]
    private static partial void LogSilence(ILogger log, TimeSpan patience);

    [LoggerMessage(Level = LogLevel.Information, Message = "Control can't be asked for the directory: {Cause}")]
    private static partial void LogTrouble(ILogger log, string cause);
}
