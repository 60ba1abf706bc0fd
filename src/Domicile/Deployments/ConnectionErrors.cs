using System.Net.Sockets;

namespace Domicile.Deployments;

/// <summary>
/// Shows every failure to connect as <see cref="HttpRequestException"/>, the one that callers know. A connection which the
/// other end resets as soon as it is made comes out of .NET's handler as a bare <see cref="SocketException"/>.
/// </summary>
internal sealed class ConnectionErrors(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException reset)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, reset.Message, reset);
        }
    }
}
