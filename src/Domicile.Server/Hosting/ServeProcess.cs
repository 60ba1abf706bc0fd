using Domicile.Deployments;

namespace Domicile.Server.Hosting;

/// <summary>One process of a deployment, whichever it is.</summary>
internal static class ServeProcess
{
    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>Why it could not start, in one line; null where it ran.</returns>
    public static async Task<string?> RunAsync(ServeOptions options, CancellationToken stop)
    {
        // :: Step 1: the configuration.
        var read = DeploymentConfig.Load(options.ConfigPath);
        if (read is ConfigResult.Invalid invalid)
        {
            return string.Join("; ", invalid.Errors);
        }

        var config = ((ConfigResult.Ok)read).Config;
        if (Check(options, config) is { } trouble)
        {
            return trouble;
        }

        // :: Step 2: the directory, which is this process's alone.
        var opened = DataDirectory.Open(options.DataDirectory, config.Name, options.Process);
        if (opened is DataDirectoryResult.Refused refused)
        {
            return refused.Reason;
        }

        using var directory = ((DataDirectoryResult.Opened)opened).Directory;
        foreach (var warning in ((DataDirectoryResult.Opened)opened).Warnings)
        {
            await Console.Error.WriteLineAsync($"warning: {warning}");
        }

        CrashPoint.Arm(DataDirectory.PathOf(options.DataDirectory, options.Process));
        var endpoints = EndpointsOf(config, options.DataDirectory);

        // :: Step 3: the process itself.
        if (options.Role == ServeRole.Control)
        {
            using (var authority = DeploymentAuthority.Open(options.DataDirectory, config.Name, TimeProvider.System))
            {
                authority.IssueAll(config);
            }

            return await ControlHost.RunAsync(
                config, options.ConfigPath, endpoints, options.DataDirectory, options.LogFile, stop);
        }

        await RegionHost.RunAsync(config, options.Region!.Value, endpoints, options.DataDirectory, options.LogFile, stop);
        return null;
    }

    // What `up` has chosen wins; a region that it doesn't know yet is told of there by control.
    private static Endpoints EndpointsOf(DeploymentConfig config, string dataDirectory)
        => Endpoints.Load(dataDirectory) is { } chosen
            ? EndpointPlan.Extend(chosen, config) : EndpointPlan.Resolve(config, dataDirectory);

    private static string? Check(ServeOptions options, DeploymentConfig config)
    {
        if (options.Role == ServeRole.Mover)
        {
            return "with an SQLite store control runs the moves itself: start no mover";
        }

        if (options.Region is { } region && config.Find(region) is null)
        {
            return $"'{options.ConfigPath}' has no region '{region}'; it has "
                + string.Join(", ", config.Facts.Select(facts => facts.Name.Value));
        }

        return config.CheckStart(options.Process) is { Count: > 0 } missing ? string.Join("; ", missing) : null;
    }
}
