using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Domicile.Control;
using Domicile.Links;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Relay;

/// <summary>
/// One deployment for all tests whose requests reach Singapore through one relay, California, or through two: Oregon, which
/// California follows. Its accounts began in California and were moved to Singapore after Oregon's link to control was cut; so
/// Oregon's directory still names California, until the end. There are a few accounts: a test has one for itself, and leaves it
/// empty to the next.
/// </summary>
internal sealed partial class RelayDeployment : IAsyncDisposable
{
    public const string Home = "singapore";

    private const string Former = "california";
    private const string Lagging = "oregon";

    // Tests that run at the same time take two each at most; were there too few, each might wait for the other's.
    private const int Accounts = 6;

    private readonly SemaphoreSlim _one = new(1);
    private readonly SemaphoreSlim _free = new(0);
    private readonly ConcurrentQueue<NewAccountView> _accounts = new();
    private LiveDeployment? _live;

    public async ValueTask DisposeAsync()
    {
        if (_live is not null)
        {
            await _live.DisposeAsync();
        }

        _one.Dispose();
        _free.Dispose();
    }

    public static string EntryOf(Route route) => route switch
    {
        Route.Home => Home,
        Route.OneRelay => Former,
        _ => Lagging,
    };

    public async Task<LiveDeployment> GetAsync()
    {
        await _one.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _live ??= await StartAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>An account without buckets that nobody else uses until it is given back.</summary>
    public async Task<NewAccountView> TakeAccountAsync()
    {
        _ = await GetAsync();
        await _free.WaitAsync(TestContext.Current.CancellationToken);
        return _accounts.TryDequeue(out var account) ? account : throw new InvalidOperationException("No account is left.");
    }

    public async Task GiveBackAsync(NewAccountView account)
    {
        using var s3 = _live!.OpenS3(account, Home);
        await s3.DeleteAllAsync(TestContext.Current.CancellationToken);
        _accounts.Enqueue(account);
        _free.Release();
    }

    private async Task<LiveDeployment> StartAsync()
    {
        var live = await LiveDeployment.StartAsync(new DeploymentSetup
        {
            Regions =
            [
                DeploymentSetup.Singapore with { Hosts = [SharedDeployment.VirtualHost] }, DeploymentSetup.California,
                DeploymentSetup.California with { Name = Lagging },
            ],
            Links = LinkTerms.Straight,
        });
        try
        {
            var accounts = new List<NewAccountView>();
            while (accounts.Count < Accounts)
            {
                accounts.Add(await live.Control.AddAccountAsync("SG", Former));
            }

            var version = await DirectoryVersionAsync(live, LiveDeployment.ControlName);
            await Eventually.HoldsAsync(
                async () => await DirectoryVersionAsync(live, Lagging) >= version, $"{Lagging} has heard of the accounts");
            live.LinksBetween(LiveDeployment.ControlName, Lagging).ToList().ForEach(link => link.Cut());
            foreach (var account in accounts)
            {
                Assert.Equal("done", (await live.Control.MoveAsync(account.Account, Home)).State);
            }

            foreach (var account in accounts)
            {
                await IsTwiceRelayedAsync(live, account);
                _accounts.Enqueue(account with { Home = Home });
                _free.Release();
            }

            return live;
        }
        catch
        {
            await live.DisposeAsync();
            throw;
        }
    }

    private static async Task<long> DirectoryVersionAsync(LiveDeployment live, string process)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(
            new Uri(live.EndpointsOf(process).Management, "/metrics"), TestContext.Current.CancellationToken);
        return long.Parse(DirectoryVersion().Match(text).Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static async Task IsTwiceRelayedAsync(LiveDeployment live, NewAccountView account)
    {
        var first = live.LinkOf(Lagging, Former).Passed;
        var second = live.LinkOf(Former, Home).Passed;

        Assert.Equal((int)HttpStatusCode.OK, await StatusAsync(live, account));

        Assert.True(live.LinkOf(Lagging, Former).Passed.There > first.There && live.LinkOf(Former, Home).Passed.There > second.There);
        Assert.Equal((0, 0), live.LinkOf(Lagging, Home).Passed);
    }

    private static async Task<int> StatusAsync(LiveDeployment live, NewAccountView account)
        => (await RawConnection.AskAsync(
            live.EndpointOf(Lagging), new RawRequest(account, live.EndpointOf(Lagging), "GET", "/").ToBytes())).Status;

    [GeneratedRegex("^domicile_directory_version ([0-9]+)", RegexOptions.Multiline)]
    private static partial Regex DirectoryVersion();
}
