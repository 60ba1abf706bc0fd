using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Domicile;

/// <summary>Work that a process does for as long as it runs.</summary>
internal static partial class Loops
{
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Begins the loop again whenever an error ends it, and says so: a process whose loop has silently ended looks well and
    /// isn't. Ends when it is cancelled.
    /// </summary>
    /// <param name="work">What the loop does, as it stands after "An error ended".</param>
    /// <exception cref="InvariantViolatedException">The loop found one.</exception>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever it was: it is logged, and the work goes on.")]
    public static async Task KeepRunningAsync(
        string work, Func<CancellationToken, Task> loop, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await loop(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception broken) when (broken is not InvariantViolatedException)
            {
                LogBroken(log, broken, work, RestartDelay);
            }

            await Task.Delay(RestartDelay, time, cancellationToken).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An error ended {Work}; it begins again in {Delay}.")]
    private static partial void LogBroken(ILogger log, Exception broken, string work, TimeSpan delay);
}
