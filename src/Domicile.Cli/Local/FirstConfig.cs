using System.Globalization;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>Writes domicile.yaml and policy.yaml where they are missing, on ports that are free.</summary>
internal static class FirstConfig
{
    public const string ConfigFileName = "domicile.yaml";
    public const string PolicyFileName = "policy.yaml";

    // Of control and the three regions in DefaultDeployment's text.
    private static readonly int[] UsualPorts = [9000, 9101, 9102, 9103];

    /// <summary>The usual ports if all are free, others if not.</summary>
    public static void WriteMissing(string directory, bool tls)
        => Write(directory, UsualPorts.All(FreePorts.IsFree) ? UsualPorts : FreePorts.Take(UsualPorts.Length), tls);

    public static void WriteOnFreePorts(string directory, bool tls = false)
        => Write(directory, FreePorts.Take(UsualPorts.Length), tls);

    private static void Write(string directory, IReadOnlyList<int> ports, bool tls)
    {
        WriteNew(Path.Combine(directory, PolicyFileName), DefaultDeployment.PolicyText);
        var config = DefaultDeployment.ConfigText + (tls ? "tls: true\n" : "");
        foreach (var (usual, port) in UsualPorts.Zip(ports))
        {
            config = config.Replace(Listen(usual), Listen(port), StringComparison.Ordinal);
        }

        WriteNew(Path.Combine(directory, ConfigFileName), config);
    }

    private static void WriteNew(string path, string text)
    {
        if (!File.Exists(path))
        {
            SmallFile.Replace(path, text, SmallFile.Secret);
        }
    }

    private static string Listen(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
}
