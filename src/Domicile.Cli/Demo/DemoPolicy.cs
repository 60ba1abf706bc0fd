namespace Domicile.Cli.Demo;

/// <summary>
/// The default policy, but any node may relay: devices keep the address they have, be it Beijing's. Without
/// <c>transit: forward</c> a node that content may not pass through answers 307, which the .NET SDK follows to Amazon's
/// own host names only.
/// </summary>
internal static class DemoPolicy
{
    public const string Text =
        """
        version: 1
        rules:
          - name: China keeps its residents' data
            when: { residence: [CN] }
            allow: { countries: [CN] }
            because: "PIPL art. 40"
            transit: forward
          - name: Everyone else leaves
            when: { residence: "*" }
            avoid: { exposure: [CN], by: [location, operator, custodian] }
            prefer: [nearest]
            transit: forward

        """;
}
