using System.Net;
using System.Text.Json.Serialization.Metadata;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>
/// One JSON question to a region and its answer; what every call on the link has in common. They share one connection of
/// HTTP/2 (RFC 9113): where a round trip is long, no question waits for another's answer or for a handshake.
/// </summary>
internal static class PeerCalls
{
    /// <exception cref="RegionUnreachableException">No answer, or none that says anything.</exception>
    /// <exception cref="RegionRefusedException">The region answered that it did nothing.</exception>
    public static async Task<TAnswer?> AskAsync<TQuestion, TAnswer>(
        PeerClients peers, RegionName region, string path, TQuestion question, JsonTypeInfo<TQuestion> questionType,
        JsonTypeInfo<TAnswer> answerType, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(peers.AddressOf(region), path))
        {
            Version = HttpVersion.Version20,
            Content = JsonContent.Create(question, questionType),
        };
        return await SendAsync(peers, region, request, answerType, atMost, cancellationToken);
    }

    /// <inheritdoc cref="AskAsync"/>
    public static async Task<TAnswer?> SendAsync<TAnswer>(
        PeerClients peers, RegionName region, HttpRequestMessage request, JsonTypeInfo<TAnswer> answerType, TimeSpan atMost,
        CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(atMost);
        try
        {
            using var response = await peers.SendAsync(region, request, timeout.Token);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await response.Content.ReadFromJsonAsync(answerType, timeout.Token);
            }

            var refusal = response.StatusCode == HttpStatusCode.Conflict
                ? await response.Content.ReadFromJsonAsync(MovesJson.Default.PeerRefusal, timeout.Token)
                : null;
            throw refusal is null
                ? new RegionUnreachableException(region, $"it answered {(int)response.StatusCode}.")
                : new RegionRefusedException(region, refusal.Reason);
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException
            || (e is IOException and not RegionUnreachableException))
        {
            throw new RegionUnreachableException(region, e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            peers.Renew(region);
            throw new RegionUnreachableException(region, $"no answer within {atMost.TotalSeconds} s.", e);
        }
    }
}
