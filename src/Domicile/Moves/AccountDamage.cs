using System.Globalization;
using Domicile.Accounts;

namespace Domicile.Moves;

/// <summary>What is wrong where a region's files don't agree with the directory, in words for its operator.</summary>
/// <param name="What">Names the account.</param>
/// <param name="Next">What to do.</param>
internal sealed record AccountDamage(string What, string Next)
{
    /// <summary>The directory says that the account is at home here, and nothing of it is.</summary>
    public static AccountDamage Lost(AccountId account, RegionName here, long epoch)
        => new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"account {account} is lost: it is at home here since epoch {epoch}, and its database is missing or empty"),
            $"Look for its directory below accounts/ and put it back, from a backup if need be, while {here} is stopped. "
            + $"If it is lost for good, `domicile account erase {account}` ends it.");

    /// <summary>The directory knows a later epoch than the copy here.</summary>
    public static AccountDamage Old(DirectoryEntry entry, RegionName here, long found)
        => new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"account {entry.Profile.Id} lies here as of epoch {found}, but its home is {entry.Home?.Value ?? "nowhere"} ")
            + string.Create(CultureInfo.InvariantCulture, $"since epoch {entry.Epoch}: an old backup was put back"),
            entry.Home == here
                ? $"Stop {here}, put the newest copy of {entry.Profile.Id}'s directory back below accounts/, and start it again."
                : $"Stop {here}, remove {entry.Profile.Id}'s directory below accounts/, and start it again.");

    /// <summary>The copy here says that this is the home, in an epoch in which another region is.</summary>
    public static AccountDamage Foreign(DirectoryEntry entry, RegionName here)
        => new(
            $"account {entry.Profile.Id} lies here as if it were at home, but it is {entry.Home}'s: another region's files were put here",
            $"Stop {here}, remove {entry.Profile.Id}'s directory below accounts/, and start it again.");

    public override string ToString() => $"{What}. {Next}";
}
