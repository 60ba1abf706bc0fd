using Domicile.Accounts;

namespace Domicile.Storage;

/// <summary>
/// All accounts of one region on this machine: <c>accounts/ab/ab…/account.db</c> and <c>contents/</c> beside it, so that
/// an account can be erased to the last byte without touching another.
/// </summary>
internal sealed class RegionStorage : IAsyncDisposable
{
    /// <summary>The account's store; it need not exist yet: the first write that puts its row makes it.</summary>
    public AccountStore Open(AccountId account) => throw new NotImplementedException();

    /// <summary>Null where this region has never heard of the account. Costs no disk access for a known or absent one in use.</summary>
    public AccountStore? Find(AccountId account) => throw new NotImplementedException();

    /// <summary>Every account that this region knows, tombstones included.</summary>
    public IEnumerable<AccountId> Accounts() => throw new NotImplementedException();

    /// <summary>Bytes that can still be stored here.</summary>
    public long FreeBytes => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
