using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Server.Peers;
using Domicile.Server.Tests.Deployment;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>
/// A region in the hands of an attacker: it has the certificate and the key of a region of the deployment (or of control)
/// and does what a test wants. It sends anything to any peer listener, and answers in the region's place.
/// </summary>
/// <param name="name">A region's name, or <c>control</c>: whose certificate it shows.</param>
internal sealed class HostileRegion(LiveDeployment deployment, string name) : IAsyncDisposable
{
    private readonly X509Certificate2 _own = TlsFiles.LoadPeer(deployment.Directory, RoleOf(name));
    private HttpClient? _client;
    private WebApplication? _listener;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>One question on the peer listener of a process; the caller disposes the answer, whose head has come.</summary>
    /// <param name="change">What is set besides: headers, host, version.</param>
    public Task<HttpResponseMessage> SendAsync(
        string to, HttpMethod method, string target, HttpContent? content = null, Action<HttpRequestMessage>? change = null)
    {
        _client ??= new HttpClient(CreateHandler()) { Timeout = TimeSpan.FromSeconds(60) };
        var request = new HttpRequestMessage(method, new Uri(deployment.EndpointsOf(to).Peer, target)) { Content = content };
        change?.Invoke(request);
        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
    }

    /// <summary>Posts a document as the deployment's own processes write it.</summary>
    public Task<HttpResponseMessage> PostAsync<T>(
        string to, string target, T question, JsonTypeInfo<T> type, Action<HttpRequestMessage>? change = null)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(question, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(to, HttpMethod.Post, target, content, change);
    }

    /// <summary>Answers at the region's peer address from now on. The region's own process must have ended.</summary>
    public async Task AnswerAsync(RequestDelegate answer)
    {
        var tls = PeerTls.Load(deployment.Directory, RoleOf(name), deployment.Config.Name, TimeProvider.System);
        var peer = deployment.EndpointsOf(name).Peer;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => tls.Listen(kestrel, IPEndPoint.Parse(peer.Authority), SecurityLog.Nowhere));
        _listener = builder.Build();
        _listener.Run(answer);
        await _listener.StartAsync(Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        _client?.Dispose();
        _own.Dispose();
    }

    // It believes whoever answers: an attacker doesn't check certificates.
    private SocketsHttpHandler CreateHandler() => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = [_own],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => _own,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        },
    };

    private static ProcessRole RoleOf(string name)
        => name == LiveDeployment.ControlName ? new ProcessRole.Control() : new ProcessRole.Region(RegionName.Parse(name));
}
