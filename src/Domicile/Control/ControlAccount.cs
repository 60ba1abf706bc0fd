using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Control;

/// <summary>How control stands with an account. Numbers are on disk: never renumber.</summary>
internal enum ControlAccountState : byte
{
    /// <summary>
    /// Intent: it may or may not exist at its region. Nobody holds its key yet, so after a crash it is erased there, for its
    /// secret is lost.
    /// </summary>
    Creating = 1,

    Active = 2,

    /// <summary>Intent: its home is being asked to erase it, until it has.</summary>
    Erasing = 3,

    /// <summary>A tombstone without organisation and salt, so that no region takes it for alive.</summary>
    Erased = 4,

    /// <summary>Intent: it was being made and isn't any more; whatever its region has of it goes.</summary>
    Abandoned = 5,
}

/// <summary>An account as control knows it: no name, no key, no content.</summary>
/// <param name="Home">Null once it is erased.</param>
/// <param name="Version">The directory's counter at its last change; 0 while it is being made.</param>
/// <param name="Salt">32 bytes that hide its id in the ledger; empty once it is erased.</param>
/// <param name="Usage">As its home last said; null before the first time.</param>
internal sealed record ControlAccount(
    AccountProfile Profile, RegionName? Home, long Epoch, ControlAccountState State, long Version,
    DateTimeOffset CreatedAt, string? Misplaced, byte[] Salt, AccountUsage? Usage)
{
    public AccountId Id => Profile.Id;

    /// <summary>The categories that policy must permit; of an account that nobody has measured: the unnamed one.</summary>
    public IReadOnlySet<string> Categories => CategoriesOf(Usage);

    public static IReadOnlySet<string> CategoriesOf(AccountUsage? usage)
        => (usage?.Categories.Keys ?? []).ToHashSet(StringComparer.Ordinal);
}
