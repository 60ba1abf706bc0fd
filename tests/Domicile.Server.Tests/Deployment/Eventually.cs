using System.Diagnostics;

namespace Domicile.Server.Tests.Deployment;

/// <summary>Waits for what other processes will have done soon, and says what was missing if they don't.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);

    public static Task HoldsAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
        => BecomesAsync(async () => await condition() ? what : null, what, patience);

    /// <summary>The first value that is not null.</summary>
    /// <exception cref="TimeoutException">There was none in time.</exception>
    public static async Task<T> BecomesAsync<T>(Func<Task<T?>> probe, string what, TimeSpan? patience = null)
        where T : class
    {
        var begun = Stopwatch.StartNew();
        while (begun.Elapsed < (patience ?? Patience))
        {
            if (await probe() is { } value)
            {
                return value;
            }

            await Task.Delay(Between, TimeProvider.System, Xunit.TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"After {begun.Elapsed.TotalSeconds:0} s still not: {what}.");
    }
}
