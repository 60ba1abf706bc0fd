using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Control;

/// <summary>
/// Asks regions, each question within a bounded time, and turns "no answer" and "no" into values. No answer means nothing:
/// the region may have acted.
/// </summary>
/// <param name="find">A region as it is reached now; null where the configuration in force has none of this name.</param>
internal sealed class RegionQuestions(Func<RegionName, IRegionPeer?> find, TimeProvider time)
{
    public IRegionPeer Peer(RegionName region)
        => find(region) ?? throw new RegionUnreachableException(region, "it is not in this deployment's configuration");

    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<Outcome<T>> AskAsync<T>(
        RegionName region, Func<IRegionPeer, CancellationToken, Task<T>> question, CancellationToken cancellationToken,
        TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? ControlLimits.AnswerPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await question(Peer(region), either.Token);
        }
        catch (RegionRefusedException refused)
        {
            return Refusal.Conflict($"region {region} refused: {refused.Reason}");
        }
        catch (RegionIncompatibleException incompatible)
        {
            return Refusal.Unavailable(incompatible.Message, "then try again");
        }
        catch (RegionUnreachableException unreachable)
        {
            return Unreachable(region, unreachable.Message);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Unreachable(region, $"region {region} did not answer in time");
        }
    }

    /// <summary>The same, for a question without an answer of its own.</summary>
    public Task<Outcome<bool>> TellAsync(
        RegionName region, Func<IRegionPeer, CancellationToken, Task> message, CancellationToken cancellationToken,
        TimeSpan? patience = null)
        => AskAsync(
            region,
            async (peer, limited) =>
            {
                await message(peer, limited);
                return true;
            },
            cancellationToken, patience);

    private static Refusal Unreachable(RegionName region, string cause)
        => Refusal.Unavailable(
            cause,
            $"start region {region} or repair the link to it, then try again; its log says more, also where its clock is wrong or its "
            + "certificate has ended");
}
