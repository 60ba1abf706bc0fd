namespace Domicile.Deployments;

/// <summary>What <c>domicile up</c> writes where there is no config: a deployment to look at, on this machine.</summary>
internal static class DefaultDeployment
{
    /// <summary>domicile.yaml.</summary>
    public const string ConfigText =
        """
        # A Domicile deployment: control and its regions. Keys: docs/formats/config.md
        deployment: demo
        control:  { listen: http://127.0.0.1:9000, store: sqlite }             # or: store: "postgres: Host=…"

        # Four facts of each region: where it is, who runs the machines, who contracts, who holds the keys.
        # They are your word: Domicile states them in receipts and can't prove them.
        regions:
          beijing:
            listen: http://127.0.0.1:9101
            country: CN
            operator: { name: China Telecom, country: CN }
            owner: { name: Example, country: CN }
            custodian: { kind: local, country: CN }
          singapore:
            listen: http://127.0.0.1:9102
            country: SG
            operator: { name: Amazon, country: US }
            owner: { name: Example, country: CN }
            custodian: { kind: local, country: SG }
          california:
            listen: http://127.0.0.1:9103
            country: US
            location: { lat: 37.4, lon: -122.1 }        # for "nearest"; without it, the middle of the country
            operator: { name: Amazon, country: US }
            owner: { name: Example, country: CN }
            custodian: { kind: local, country: US }
        policy: policy.yaml

        """;

    /// <summary>policy.yaml.</summary>
    public const string PolicyText =
        """
        # Where whose data may lie. Keys: docs/formats/policy.md
        version: 1
        rules:                                    # first match wins; no match = denied
          - name: China keeps its residents' data
            when: { residence: [CN] }
            allow: { countries: [CN] }
            because: "PIPL art. 40"
          - name: Everyone else leaves
            when: { residence: "*" }
            avoid: { exposure: [CN], by: [location, operator, custodian] }
            prefer: [nearest]
          # further keys: category, organisation, sealed: required, transit, retain: 30d, coarsen: 1km, replicas: 1
          # transit: permitted (default: content passes only through nodes of regions that the rule permits, others answer 307),
          #          forward (any node of the deployment may relay), refuse (no relaying, no redirect: 403 with the reason)

        """;
}
