using System.Net.Sockets;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

public sealed class SilentConnectionTests(SharedDeployment shared) : BadInputTests(shared)
{
    // A listener has 2,000 places; one address has 500 of them.
    [Fact]
    public async Task Silent_connections_shut_nobody_out_and_are_closed()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (var left = 600; left > 0; left--)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(Endpoint.Host, Endpoint.Port, Cancelled);
            }

            // One more than the address has: there is room for whoever speaks, and the first that did not has lost his.
            Assert.Equal(200, (await AskAsync(Request("GET", $"/{Bucket}?location"))).Status);
            Assert.Equal(0, await ReadToEndAsync(silent[0]));

            // The first byte's time ends the others.
            Assert.Equal(0, await ReadToEndAsync(silent[^1]));
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    private static async Task<int> ReadToEndAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], Cancelled);
        }
        catch (IOException)
        {
            return 0; // A reset is an end too.
        }
    }
}
