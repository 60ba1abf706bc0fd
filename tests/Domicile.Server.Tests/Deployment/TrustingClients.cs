using Amazon.Runtime;
using Domicile.Cli.Local;

namespace Domicile.Server.Tests.Deployment;

/// <summary>Gives the AWS SDK an HTTP client that trusts a deployment's authority and nothing else.</summary>
internal sealed class TrustingClients(string dataDirectory) : HttpClientFactory
{
    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
        => new(LocalAccess.Handler(dataDirectory, TimeSpan.FromSeconds(10))) { Timeout = TimeSpan.FromMinutes(5) };

    public override string GetConfigUniqueString(IClientConfig clientConfig) => dataDirectory;
}
