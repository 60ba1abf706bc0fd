using System.Net.Sockets;
using Domicile.Server.Hosting;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>Connections of HTTP/2 that ask nothing shut out nobody, not even at their own address.</summary>
public sealed class IdleHttp2Tests
{
    // The preface and an empty SETTINGS frame (RFC 9113, sections 3.4 and 6.5).
    private static readonly byte[] Beginning = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Method: as many as one address may have begin HTTP/2, hear the server's own SETTINGS, and fall silent.
    [Fact]
    public async Task A_client_is_served_beside_as_many_silent_connections_as_its_address_may_have()
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup { Regions = [DeploymentSetup.Singapore, DeploymentSetup.California] });
        var account = await deployment.Control.AddAccountAsync("SG", "singapore");
        var endpoint = deployment.EndpointOf("singapore");
        var silent = new List<Socket>();
        try
        {
            while (silent.Count < EdgeLimits.ConnectionsOfAddressMax)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                silent.Add(socket);
                await socket.ConnectAsync(endpoint.Host, endpoint.Port, Cancelled);
                await socket.SendAsync(Beginning, Cancelled);
                Assert.NotEqual(0, await socket.ReceiveAsync(new byte[256], Cancelled));
            }

            using var s3 = deployment.OpenS3(account);
            Assert.Empty((await s3.ListBucketsAsync(Cancelled)).Buckets ?? []);
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }
}
