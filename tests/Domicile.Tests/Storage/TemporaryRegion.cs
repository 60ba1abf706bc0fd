using Domicile.Accounts;
using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Tests.Storage;

/// <summary>A region's storage in a directory of its own, which goes with it.</summary>
internal sealed class TemporaryRegion : IAsyncDisposable
{
    public static readonly AccountId Anna = AccountId.Parse("annaannaannaanna");

    private readonly LocalCustodian _custodian;

    private readonly TimeProvider _time;
    private long? _openBytesMax;
    private IWorkers? _workers;

    private TemporaryRegion(
        string directory, LocalCustodian custodian, long? openBytesMax, TimeProvider time, IWorkers? workers)
    {
        _time = time;
        _workers = workers;
        Directory = directory;
        _custodian = custodian;
        _openBytesMax = openBytesMax;
        Storage = RegionStorage.Open(directory, custodian, time, openBytesMax, workers);
    }

    public string Directory { get; }

    public RegionStorage Storage { get; private set; }

    /// <param name="parent">Null: the system's place for temporary files.</param>
    public static async Task<TemporaryRegion> CreateAsync(
        string? parent = null, long? openBytesMax = null, TimeProvider? time = null, IWorkers? workers = null)
    {
        var directory = Path.Combine(parent ?? Path.GetTempPath(), $"domicile-{Path.GetRandomFileName()}");
        System.IO.Directory.CreateDirectory(directory);
        return new TemporaryRegion(
            directory, await LocalCustodian.OpenAsync(directory, CancellationToken.None), openBytesMax,
            time ?? TimeProvider.System, workers);
    }

    /// <summary>Closes the storage and opens what it left.</summary>
    public async Task ReopenAsync()
    {
        await Storage.DisposeAsync();
        Storage = RegionStorage.Open(Directory, _custodian, _time, _openBytesMax, _workers);
    }

    /// <summary>The same with other bounds.</summary>
    public Task ReopenAsync(long openBytesMax, IWorkers workers)
    {
        (_openBytesMax, _workers) = (openBytesMax, workers);
        return ReopenAsync();
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
