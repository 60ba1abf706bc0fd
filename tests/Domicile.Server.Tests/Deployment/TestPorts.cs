using System.Net;
using System.Net.Sockets;

namespace Domicile.Server.Tests.Deployment;

/// <summary>
/// Ports of 127.0.0.1 below those that Linux gives to outgoing connections (32768 and up), so that the port of a killed
/// process is still free when the test starts it again.
/// </summary>
internal static class TestPorts
{
    private const int First = 10_000;
    private const int Count = 20_000;

    private static readonly Lock Turn = new();

    // Other test runs on this machine begin elsewhere.
    private static int _next = Environment.ProcessId * 97 % Count;

    public static IReadOnlyList<int> Take(int count)
    {
        lock (Turn)
        {
            var ports = new List<int>();
            for (var tried = 0; ports.Count < count && tried < Count; tried++)
            {
                var port = First + (_next++ % Count);
                if (IsFree(port))
                {
                    ports.Add(port);
                }
            }

            return ports.Count == count ? ports : throw new InvalidOperationException("This machine has no free ports.");
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
