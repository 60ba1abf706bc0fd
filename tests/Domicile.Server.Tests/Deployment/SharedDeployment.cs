using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Relay;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedDeployment))]

namespace Domicile.Server.Tests.Deployment;

/// <summary>
/// One deployment for all tests that leave its processes alone: each has accounts of its own. It starts with the first
/// test that asks for it. Residents of Singapore may be in Singapore and California; Beijing may relay nothing of theirs.
/// </summary>
public sealed class SharedDeployment : IAsyncDisposable
{
    /// <summary>Below it, buckets are hosts.</summary>
    internal const string VirtualHost = "s3.singapore.test";

    private readonly SemaphoreSlim _one = new(1);
    private LiveDeployment? _live;

    /// <summary>For tests whose requests go through relays; it starts with the first of them.</summary>
    internal RelayDeployment Relays { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Relays.DisposeAsync();
        if (_live is not null)
        {
            await _live.DisposeAsync();
        }

        _one.Dispose();
    }

    internal async Task<LiveDeployment> GetAsync()
    {
        await _one.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _live ??= await LiveDeployment.StartAsync(new DeploymentSetup
            {
                Regions =
                [
                    DeploymentSetup.Beijing, DeploymentSetup.Singapore with { Hosts = [VirtualHost] },
                    DeploymentSetup.California,
                ],
            });
        }
        finally
        {
            _one.Release();
        }
    }
}
