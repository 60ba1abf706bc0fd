using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>What to say of a word that should be a country and is none.</summary>
internal static class CountryWord
{
    /// <summary>Codes that people write and ISO 3166-1 does not assign.</summary>
    private static readonly Dictionary<string, string> Meant = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UK"] = "GB",
        ["EL"] = "GR",
        ["USA"] = "US",
        ["CHN"] = "CN",
        ["PRC"] = "CN",
        ["GER"] = "DE",
        ["DEU"] = "DE",
    };

    /// <param name="place">" in region 'x'", or nothing.</param>
    public static string Unknown(string word, string place)
    {
        // YAML 1.1 reads a bare NO as false; here it is Norway, but other tools that rewrite the file may leave
        // "false".
        if (word is "false")
        {
            return $"unknown country 'false'{place}; write \"NO\" in quotes if you mean Norway";
        }

        var upper = word.ToUpperInvariant();
        var near = Meant.GetValueOrDefault(word) ?? (IsoCountries.Codes.Contains(upper) ? upper : null);
        return $"unknown country '{word}'{place}; "
            + (near is null ? "write its ISO 3166-1 code of two capital letters" : $"did you mean '{near}'?");
    }
}
