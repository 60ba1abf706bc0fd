using System.Globalization;

namespace Domicile.Cli.Local;

/// <summary>The deployment that <c>up</c> makes where there is none: three regions and the policy of 2014's story.</summary>
internal static class DefaultDeployment
{
    public const string ConfigFileName = "domicile.yaml";
    public const string PolicyFileName = "policy.yaml";

    public const string Policy =
        """
        # Where accounts may live. The first rule that matches decides; no match means denied.
        version: 1
        rules:
          - name: China keeps its residents' data
            when: { residence: [CN] }
            allow: { countries: [CN] }
            because: "PIPL art. 40"
          - name: Everyone else leaves
            when: { residence: "*" }
            avoid: { exposure: [CN], by: [location, operator, custodian] }
            prefer: [nearest]

        """;

    private static readonly int[] UsualPorts = [9000, 9101, 9102, 9103];

    public static void WriteMissing(string directory)
    {
        StateFile.Create(Path.Combine(directory, PolicyFileName), Policy);
        if (!File.Exists(Path.Combine(directory, ConfigFileName)))
        {
            var ports = UsualPorts.All(FreePorts.IsFree) ? UsualPorts : FreePorts.Take(UsualPorts.Length);
            StateFile.Create(Path.Combine(directory, ConfigFileName), Config("local", ports));
        }
    }

    /// <param name="deployment">Has the form of a region's name.</param>
    /// <param name="ports">Of control, beijing, singapore, california.</param>
    public static string Config(string deployment, IReadOnlyList<int> ports)
        => string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            # A deployment: control and its regions, each with the four facts that decide who can compel access.
            deployment: {{deployment}}
            control:
              listen: http://127.0.0.1:{{ports[0]}}
              store: sqlite
            regions:
              beijing:
                listen: http://127.0.0.1:{{ports[1]}}
                country: CN
                operator: { name: China Telecom, country: CN }
                owner: { name: Example, country: CN }
                custodian: { kind: local, country: CN }
              singapore:
                listen: http://127.0.0.1:{{ports[2]}}
                country: SG
                operator: { name: Amazon, country: US }
                owner: { name: Example, country: CN }
                custodian: { kind: local, country: SG }
              california:
                listen: http://127.0.0.1:{{ports[3]}}
                country: US
                operator: { name: Amazon, country: US }
                owner: { name: Example, country: CN }
                custodian: { kind: local, country: US }
            policy: {{PolicyFileName}}

            """);
}
