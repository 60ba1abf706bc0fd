using System.Net;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Server.Hosting;
using Domicile.Server.Peers;
using Domicile.Tests.Hosting;
using Domicile.Tests.Moves;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Domicile.Tests.Peers;

/// <summary>A region with a real certificate asks another one for what no honest region would ask.</summary>
public sealed class HostileQuestionTests : IAsyncLifetime
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("domicile-hostile-");
    private readonly LinesOfLog _log = new();
    private TestDeployment _deployment = null!;
    private WebApplication _listener = null!;
    private HttpClient _caller = null!;

    public async ValueTask InitializeAsync()
    {
        _deployment = await TestDeployment.StartAsync();
        var config = Assert.IsType<ConfigResult.Ok>(DeploymentConfig.Parse(DefaultDeployment.ConfigText, "domicile.yaml")).Config;
        using (var authority = DeploymentAuthority.Open(_data.FullName, config.Name, TimeProvider.System))
        {
            authority.IssueAll(config);
        }

        var tls = TlsOf(config, TestDeployment.Singapore);
        _listener = WebHosts.CreateBuilder(_log, kestrel => tls.Listen(kestrel, new IPEndPoint(IPAddress.Loopback, 0), SecurityLog.Nowhere), null).Build();
        var endpoints = new RegionPeerEndpoints(
            _deployment.Node(TestDeployment.Singapore), tls, _ => Task.CompletedTask,
            new Microsoft.Extensions.Logging.Logger<RegionPeerEndpoints>(_log));
        _listener.Run(endpoints.HandleAsync);
        await _listener.StartAsync(Stop);
        _caller = new HttpClient(
            TlsOf(config, TestDeployment.Beijing).CreateHandler(new PeerIdentity.Region(TestDeployment.Singapore)))
        {
            BaseAddress = WebHosts.AddressOf(_listener),
        };
    }

    public async ValueTask DisposeAsync()
    {
        _caller.Dispose();
        await _listener.DisposeAsync();
        await _deployment.DisposeAsync();
        _data.Delete(recursive: true);
    }

    // Goal: what isn't a question is 400, and one line of log without a stack: whoever sends it, can do so without end.
    [Theory]
    [InlineData("changes", "")]
    [InlineData("changes", "null")]
    [InlineData("changes", "{}")]
    [InlineData("changes", """{"order":{}}""")]
    [InlineData("changes", """{"order":{"profile":{}}}""")]
    [InlineData("refuse", "{}")]
    [InlineData("refuse", """{"order":{"source":"beijing","target":"singapore"}}""")]
    [InlineData("refuse", "[[[[[[[[")]
    [InlineData("handover", "")]
    [InlineData("handover", "abc")]
    [InlineData("handover", "\u007f\u007f\u007f\u007f{}")]
    [InlineData("handover", "\0\0\0\u0001{")]
    [InlineData("probe?bytes=-1", "")]
    [InlineData("probe?bytes=99999999999", "")]
    [InlineData("probe", "")]
    public async Task What_is_no_question_gets_400_and_one_line_of_log(string path, string body)
    {
        using var answer = await AskAsync(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var (line, exception) = Assert.Single(_log.Lines);
        Assert.StartsWith("region beijing sent a question", line, StringComparison.OrdinalIgnoreCase);
        Assert.Null(exception);
    }

    // Method: the caller waits to be asked for its body; one that just sends may find the connection closed before the answer.
    [Fact]
    public async Task A_question_that_is_longer_than_its_kind_is_not_read()
    {
        using var answer = await AskAsync("refuse", """{"reason":" """ + new string('A', PeerLimits.MessageBytesMax) + "\"}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    // Method: nobody reads the answers of as many probes as one region may have open.
    [Fact]
    public async Task A_region_has_so_many_questions_of_a_kind_open_and_the_next_gets_503()
    {
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < PeerLimits.AtOnceMax(PeerRequestKind.Probe); i++)
        {
            open.Add(await AskAsync($"probe?bytes={MoveLimits.ProbeBytesMax}", ""));
        }

        using var refused = await AskAsync("probe?bytes=1", "");
        using var other = await AskAsync("refuse", "{}");
        Assert.All(open, one => Assert.Equal(HttpStatusCode.OK, one.StatusCode));
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, HttpStatusCode.BadRequest), (refused.StatusCode, other.StatusCode));
        open.ForEach(one => one.Dispose());
    }

    private async Task<HttpResponseMessage> AskAsync(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/peer/v1/{path}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Headers.ExpectContinue = body.Length > PeerLimits.MessageBytesMax;
        return await _caller.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
    }

    private PeerTls TlsOf(DeploymentConfig config, RegionName region)
        => PeerTls.Load(_data.FullName, new ProcessRole.Region(region), config.Name, TimeProvider.System);
}
