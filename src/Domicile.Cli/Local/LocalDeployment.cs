using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>A deployment on this machine, ready to be started: config read, certificates made, endpoints chosen.</summary>
internal sealed record LocalDeployment(string Directory, string ConfigPath, DeploymentConfig Config, Endpoints Endpoints)
{
    public IEnumerable<ProcessRole> Roles
        => Endpoints.Regions.Keys.Select(ProcessRole (region) => new ProcessRole.Region(region))
            .Prepend(new ProcessRole.Control());

    /// <summary>Where a person looks: the console is served by control.</summary>
    public Uri Console => new(Endpoints.Control.Listen, "/");

    /// <summary>Makes a process's directory, and sees to it that nobody else gets in.</summary>
    /// <exception cref="VerbFailedException">Others could have put something there, or it is another user's.</exception>
    public static void Claim(string directory, ProcessRole role, Action<string>? say)
    {
        var tree = new PrivateTree();
        var refusal = tree.Claim(directory, DataDirectory.PathOf(directory, role));
        tree.Warnings.ToList().ForEach(say ?? (_ => { }));
        if (refusal is not null)
        {
            throw new VerbFailedException(refusal, null);
        }
    }

    public static LocalDeployment Prepare(
        string directory, string? configPath, bool tls, TimeProvider time, Action<string>? say = null)
    {
        Claim(directory, new ProcessRole.Control(), say);
        var path = Path.GetFullPath(configPath ?? Path.Combine(directory, "domicile.yaml"));
        if (configPath is null)
        {
            FirstConfig.WriteMissing(directory, tls);
        }

        var config = Load(path);
        if (tls && !config.Tls)
        {
            // Every process reads the file itself: what holds for all of them must stand there.
            throw new VerbFailedException($"{path} does not say `tls: true`", "write that into it, and leave --tls out");
        }

        config.Regions.ToList().ForEach(region => Claim(directory, new ProcessRole.Region(region.Facts.Name), say));
        using (var authority = DeploymentAuthority.Open(directory, config.Name, time))
        {
            authority.IssueAll(config);
        }

        var endpoints = EndpointPlan.Resolve(config, directory);
        endpoints.Save(directory);
        var deployment = new LocalDeployment(directory, path, config, endpoints);
        deployment.CheckStart();
        return deployment;
    }

    public ProcessEndpoints EndpointsOf(ProcessRole role) => Endpoints.Of(role);

    public Uri EndpointOf(string region) => Endpoints.Regions[RegionName.Parse(region)].Listen;

    public static DeploymentConfig Load(string path)
        => DeploymentConfig.Load(path) switch
        {
            ConfigResult.Ok ok => ok.Config,
            ConfigResult.Invalid invalid => throw Refuse(invalid.Errors),
            _ => throw new InvalidOperationException("An outcome of loading a config that nobody has named."),
        };

    private void CheckStart()
    {
        var errors = Roles.SelectMany(Config.CheckStart).ToList();
        if (errors.Count > 0)
        {
            throw Refuse(errors);
        }
    }

    private static VerbFailedException Refuse(IReadOnlyList<LocatedError> errors)
        => new(string.Join("; ", errors.Take(5)), errors.Count > 5 ? $"and {errors.Count - 5} more" : null);
}
