using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Control;

/// <summary>Turns what came over the API into types that can't be wrong, or says what is wrong.</summary>
internal static class AccountRequests
{
    public static Outcome<AccountProfile> ReadProfile(NewAccount request, AccountId id)
    {
        if (!Country.TryParse(request.Residence, out var residence))
        {
            return Refusal.Malformed(
                $"residence '{Shown(request.Residence)}' is not an ISO 3166-1 country code",
                "give two capital letters, such as SG");
        }

        return CheckText("organisation", request.Organisation, ControlLimits.OrganisationCharsMax) is { } wrong
            ? wrong : new AccountProfile(id, residence, request.Organisation);
    }

    public static Outcome<AccountId> ReadAccount(string? text)
        => AccountId.TryParse(text, out var id)
            ? id : Refusal.Malformed($"'{Shown(text)}' is not an account id", "account ids have 16 characters of a-z and 2-7");

    public static Outcome<RegionConfig> ReadRegion(string? text, DeploymentConfig config)
        => RegionName.TryParse(text, out var name) && config.Find(name) is { } region
            ? region
            : Refusal.NotFound(
                $"there is no region '{Shown(text)}'",
                $"known: {string.Join(", ", config.Regions.Select(known => known.Facts.Name.Value))}");

    /// <summary>Whether a region takes accounts.</summary>
    public static Outcome<bool> CheckOpen(RegionName region, DrainBook draining)
        => draining.Contains(region)
            ? Refusal.Conflict($"region {region} is being drained", $"'domicile region undrain {region}' ends that")
            : true;

    /// <summary>Null where the text is missing or good.</summary>
    public static Refusal? CheckText(string what, string? text, int charsMax)
        => text is null || (text.Length > 0 && text.Length <= charsMax && !text.Any(char.IsControl))
            ? null
            : Refusal.Malformed($"{what} is empty, longer than {charsMax} characters, or has control characters");

    public static Refusal NoSuchAccount(AccountId account)
        => Refusal.NotFound($"there is no account {account}", "'domicile account list' shows the accounts");

    /// <summary>What came from outside, fit for a line of an error.</summary>
    public static string Shown(string? text)
    {
        const int charsMax = 64;
        var safe = new string([.. (text ?? "").Take(charsMax).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
        return text?.Length > charsMax ? safe + "…" : safe;
    }
}
