namespace Domicile.Deployments;

/// <summary>What control keeps of a deployment on its machine, for a configuration that is taken while it runs.</summary>
/// <param name="configPath">Of domicile.yaml.</param>
/// <param name="dataDirectory">Of the deployment: the one that holds <c>control/</c>.</param>
internal sealed class DeploymentFiles(string configPath, string dataDirectory, TimeProvider time)
{
    public string ConfigPath => configPath;

    public ConfigResult ReadConfig() => DeploymentConfig.Load(configPath);

    /// <summary>
    /// Makes what regions that are new in the configuration need: certificates, and endpoints where it names none. What is running
    /// keeps its own.
    /// </summary>
    /// <param name="chosen">The endpoints of <paramref name="before"/>.</param>
    public Endpoints Prepare(DeploymentConfig before, Endpoints chosen, DeploymentConfig next)
    {
        using (var authority = DeploymentAuthority.Open(dataDirectory, next.Name, time))
        {
            authority.IssueAll(next);
        }

        var endpoints = EndpointPlan.Extend(chosen, next, before);
        if (Endpoints.Load(dataDirectory) is not null)
        {
            // `up` wrote it, and looks there for processes to start and to stop.
            endpoints.Save(dataDirectory);
        }

        return endpoints;
    }
}
