namespace Domicile.Server.Tests.Moves;

/// <summary>Policies for tests.</summary>
internal static class TestPolicies
{
    /// <summary>Anyone anywhere, and any node relays.</summary>
    public const string Anywhere =
        """
        version: 1
        rules:
          - name: Anywhere
            when: { residence: "*" }
            allow: "*"
            transit: forward
        """;

    /// <summary>Anyone anywhere but in Singapore.</summary>
    public const string NotSingapore =
        """
        version: 1
        rules:
          - name: Not in Singapore
            when: { residence: "*" }
            allow: { countries: [CN, US] }
            transit: forward
        """;
}
