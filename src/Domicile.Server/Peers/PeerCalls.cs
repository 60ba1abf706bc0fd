using System.Net;
using System.Text.Json;
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
        PeerClients peers, RegionName region, PeerLane lane, string path, TQuestion question,
        JsonTypeInfo<TQuestion> questionType, JsonTypeInfo<TAnswer> answerType, AnswerBounds bounds,
        CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(peers.AddressOf(region), path))
        {
            Version = HttpVersion.Version20,
            Content = JsonContent.Create(question, questionType),
        };
        return await SendAsync(peers, region, lane, request, answerType, bounds, cancellationToken);
    }

    /// <inheritdoc cref="AskAsync"/>
    public static async Task<TAnswer?> SendAsync<TAnswer>(
        PeerClients peers, RegionName region, PeerLane lane, HttpRequestMessage request, JsonTypeInfo<TAnswer> answerType,
        AnswerBounds bounds, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(bounds.AtMost);
        try
        {
            using var response = await peers.SendAsync(region, lane, request, timeout.Token);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await BoundedJson.ReadAsync(response.Content, answerType, bounds.BytesMax, timeout.Token);
            }

            var refusal = response.StatusCode == HttpStatusCode.Conflict
                ? await BoundedJson.ReadAsync(
                    response.Content, MovesJson.Default.PeerRefusal, PeerLimits.MessageBytesMax, timeout.Token)
                : null;
            throw refusal is null
                ? new RegionUnreachableException(region, $"it answered {(int)response.StatusCode}.")
                : new RegionRefusedException(region, PeerText.Clean(refusal.Reason));
        }
        catch (AnswerTooLongException e)
        {
            throw new RegionUnreachableException(
                region, $"its answer to {request.RequestUri!.AbsolutePath} is longer than {e.BytesMax} bytes.", e);
        }
        catch (JsonException e)
        {
            // Its message quotes the answer.
            throw new RegionUnreachableException(region, $"its answer to {request.RequestUri!.AbsolutePath} can't be read.", e);
        }
        catch (Exception e) when (e is HttpRequestException || (e is IOException and not RegionUnreachableException))
        {
            throw new RegionUnreachableException(region, PeerText.Clean(e.Message), e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            peers.Renew(region);
            throw new RegionUnreachableException(region, $"no answer within {bounds.AtMost.TotalSeconds} s.", e);
        }
    }
}

/// <summary>How long an answer may take, and how long it may be.</summary>
internal readonly record struct AnswerBounds(TimeSpan AtMost, int BytesMax = PeerLimits.MessageBytesMax);
