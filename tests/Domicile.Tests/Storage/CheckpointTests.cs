using System.Collections.Concurrent;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>The write-ahead log goes back into the database's file beside the writer, not in its commits.</summary>
public sealed class CheckpointTests : IAsyncLifetime
{
    private const int RowBytes = 1 << 20;
    private const int FewerRowsThanDue = 12;
    private const int RowsThatAreDue = 20;

    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-").FullName;
    private readonly RecordedWorkers _workers = new();
    private LocalCustodian? _custodian;
    private RegionStorage? _storage;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _custodian = await LocalCustodian.OpenAsync(_directory, Cancelled);
        _storage = RegionStorage.Open(_directory, _custodian, TimeProvider.System, workers: _workers);
    }

    [Fact]
    public async Task A_long_log_goes_back_into_the_file_while_the_account_is_open()
    {
        var store = _storage!.Open(TemporaryRegion.Anna);
        await WriteAsync(store, 0, FewerRowsThanDue);
        await _workers.AllAsync();
        Assert.InRange(FileBytes(store), 0, RowBytes);

        await WriteAsync(store, FewerRowsThanDue, RowsThatAreDue);
        await _workers.AllAsync();
        Assert.InRange(FileBytes(store), FewerRowsThanDue * (long)RowBytes, long.MaxValue);

        Assert.Equal(RowsThatAreDue, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM content")));
        Assert.Equal("ok", store.Read(sql => sql.Scalar<string>("PRAGMA integrity_check")));
    }

    [Fact]
    public async Task A_reader_of_before_keeps_what_it_sees()
    {
        var store = _storage!.Open(TemporaryRegion.Anna);
        await WriteAsync(store, 0, 1);

        var (before, after) = store.Read(sql =>
        {
            var seen = sql.Scalar<long>("SELECT count(*) FROM content");
            Task.Run(() => WriteAsync(store, 1, RowsThatAreDue), Cancelled).GetAwaiter().GetResult();
            _workers.AllAsync().GetAwaiter().GetResult();
            return (seen, sql.Scalar<long>("SELECT count(*) FROM content"));
        });

        Assert.Equal((1, 1), (before, after));
        Assert.Equal(RowsThatAreDue, store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM content")));
    }

    // Goal: an erasure that meets the checkpoint of its own deletions waits for it.
    // Method: rows just short of a checkpoint, whose deletion makes one due, and at once the scrub; often, since the two race.
    [Fact]
    public async Task A_scrub_waits_for_the_checkpoint_that_runs()
    {
        var store = _storage!.Open(TemporaryRegion.Anna);
        for (var turn = 0; turn < 12; turn++)
        {
            await WriteAsync(store, 0, FewerRowsThanDue);
            await store.WriteAsync(
                transaction => transaction.Sql.Execute("DELETE FROM content WHERE account = @p1", store.Account.Value), Cancelled);
            await store.ScrubAsync(Cancelled);
            Assert.InRange(FileBytes(store), 1, RowBytes);
        }

        await _workers.AllAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _storage!.DisposeAsync();
        _custodian!.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static long FileBytes(AccountStore store) => new FileInfo(Path.Combine(store.Directory, "account.db")).Length;

    private static async Task WriteAsync(AccountStore store, int from, int to)
    {
        for (var number = from; number < to; number++)
        {
            await store.WriteAsync(
                transaction => transaction.Sql.Execute(
                    "INSERT INTO content (account, content, seq, length, refs, inline) VALUES (@p1, @p2, 1, 1, 1, @p3)",
                    store.Account.Value, ContentId.Draw(), new byte[RowBytes]),
                Cancelled);
        }
    }

    private sealed class RecordedWorkers : IWorkers
    {
        private readonly ConcurrentQueue<Task> _tasks = new();

        public Task Run(Action work) => Record(Task.Run(work, CancellationToken.None));

        public Task Run(Func<Task> work) => Record(Task.Run(work, CancellationToken.None));

        public async Task AllAsync()
        {
            while (_tasks.TryDequeue(out var task))
            {
                await task;
            }
        }

        private Task Record(Task task)
        {
            _tasks.Enqueue(task);
            return task;
        }
    }
}
