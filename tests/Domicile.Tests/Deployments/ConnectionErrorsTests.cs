using System.Net;
using System.Net.Sockets;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>Whatever keeps a connection from coming about is one kind of exception, so that no caller is surprised.</summary>
public sealed class ConnectionErrorsTests
{
    // Without the translation some of these come out as a bare SocketException.
    private const int Connections = 400;

    [Fact]
    public async Task A_connection_that_is_reset_as_soon_as_it_is_made_is_a_failed_request()
    {
        var cancelled = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(Connections);
        var resetting = ResetAllAsync(listener);
        using var http = new HttpMessageInvoker(new ConnectionErrors(new SocketsHttpHandler { UseProxy = false }));

        for (var i = 0; i < Connections; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{listener.LocalEndpoint}/");
            await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(request, cancelled));
        }

        listener.Stop();
        Assert.True(await resetting >= Connections);
    }

    private static async Task<int> ResetAllAsync(TcpListener listener)
    {
        for (var count = 0; ; count++)
        {
            try
            {
                using var connection = await listener.AcceptSocketAsync(CancellationToken.None);
                connection.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // It has been stopped: while it waited, or before it was asked again.
                return count;
            }
        }
    }
}
