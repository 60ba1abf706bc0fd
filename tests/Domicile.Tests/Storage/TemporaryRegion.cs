using Domicile.Accounts;
using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Tests.Storage;

/// <summary>A region's storage in a directory of its own, which goes with it.</summary>
internal sealed class TemporaryRegion : IAsyncDisposable
{
    public static readonly AccountId Anna = AccountId.Parse("annaannaannaanna");

    private readonly LocalCustodian _custodian;

    private readonly int _openAccountsMax;
    private readonly TimeProvider _time;

    private TemporaryRegion(string directory, LocalCustodian custodian, int openAccountsMax, TimeProvider time)
    {
        _time = time;
        Directory = directory;
        _custodian = custodian;
        _openAccountsMax = openAccountsMax;
        Storage = RegionStorage.Open(directory, custodian, time, openAccountsMax);
    }

    public string Directory { get; }

    public RegionStorage Storage { get; private set; }

    /// <param name="parent">Null: the system's place for temporary files.</param>
    public static async Task<TemporaryRegion> CreateAsync(
        string? parent = null, int openAccountsMax = StorageLimits.OpenAccountsMax, TimeProvider? time = null)
    {
        var directory = Path.Combine(parent ?? Path.GetTempPath(), $"domicile-{Path.GetRandomFileName()}");
        System.IO.Directory.CreateDirectory(directory);
        return new TemporaryRegion(
            directory, await LocalCustodian.OpenAsync(directory, CancellationToken.None), openAccountsMax,
            time ?? TimeProvider.System);
    }

    /// <summary>Closes the storage and opens what it left.</summary>
    public async Task ReopenAsync()
    {
        await Storage.DisposeAsync();
        Storage = RegionStorage.Open(Directory, _custodian, _time, _openAccountsMax);
    }

    /// <summary>An active account of epoch 1 with a key and no data.</summary>
    public Task<AccountStore> AddAsync() => AddAsync(Anna);

    public async Task<AccountStore> AddAsync(AccountId account)
    {
        var store = Storage.Open(account);
        await store.WriteAsync(
            transaction =>
            {
                transaction.PutRow(NewRow(account));
                store.CreateKey(transaction);
                return true;
            },
            CancellationToken.None);
        return store;
    }

    public static AccountRow NewRow(AccountId account) => new(
        new AccountProfile(account, Country.Parse("IN"), Organisation: null), Epoch: 1, AccountState.Active, Seq: 0,
        SetDigest.Empty.ToBytes(), Move: null, Peer: null, Cursor: 0, Pulling: null, HasData: true);

    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync();
        _custodian.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
