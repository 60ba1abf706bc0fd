namespace Domicile.Accounts;

/// <summary>
/// What a region may do with its copy of an account. Numbers are on disk and on the wire: never renumber.
/// </summary>
internal enum AccountState : byte
{
    /// <summary>This region has no copy and no memory of one.</summary>
    None = 0,

    /// <summary>The home: takes reads and writes.</summary>
    Active = 1,

    /// <summary>Reads only; writes wait at the gateway, then follow the account.</summary>
    Sealed = 2,

    /// <summary>Neither reads nor writes; requests wait (the instant around the commit point).</summary>
    Departing = 3,

    /// <summary>A tombstone that names the new home; requests follow the account.</summary>
    Departed = 4,

    /// <summary>Being filled from another region; serves nothing, requests follow to the source.</summary>
    Arriving = 5,
}
