using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Proofs;
using Domicile.Storage;

namespace Domicile.Bench;

/// <summary>Writes into the store without the wire: fence, rows, digest and commit of small objects.</summary>
internal static class StoreBenchmark
{
    private const int ContentBytes = 1_024;
    private const int KeysEach = 256;
    private const string Bucket = "bench";

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(3);
    private static readonly ObjectHeaders NoHeaders = new();
    private static readonly Dictionary<string, string> NoTags = [];

    public static async Task<Findings> RunAsync(BenchCall call)
    {
        var directory = Directory.CreateTempSubdirectory("domicile-bench-").FullName;
        try
        {
            var custodian = await LocalCustodian.OpenAsync(directory, call.Stop);
            await using var storage = RegionStorage.Open(directory, custodian, call.Time);
            var rows = new List<string[]>();
            var figures = new Dictionary<string, double>();
            foreach (var (accounts, writers) in new[] { (1, 1), (1, 8), (1, 64), (8, 64) })
            {
                call.Say($"{accounts} accounts, {writers} writers");
                var (perSecond, latencies) = await WriteAsync(storage, accounts, writers, call);
                rows.Add(
                [
                    $"{accounts} account{(accounts > 1 ? "s" : "")}, {writers} writer{(writers > 1 ? "s" : "")}",
                    Numbers.Of(perSecond), Numbers.Of(latencies.P50), Numbers.Of(latencies.P99),
                ]);
                figures[$"writes.{accounts}.{writers}.perSecond"] = perSecond;
            }

            var digests = DigestsPerSecond(call);
            rows.Add(["digest of a row alone", Numbers.Of(digests), "", ""]);
            figures["digestsPerSecond"] = digests;
            return new Findings(
                [
                    $"In one process, objects of {ContentBytes} bytes, each overwriting an older one: fence, three rows, the set "
                        + "digest of the row that goes and the one that comes, and a durable commit, shared by whoever waits.",
                    $"Load average at the end {Numbers.Of(Machine.Load())}.",
                ],
                [new FindingsTable("The store", ["", "per second", "p50 ms", "p99 ms"], rows)], figures, []);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(double PerSecond, Spread Latencies)> WriteAsync(
        RegionStorage storage, int accounts, int writers, BenchCall call)
    {
        var stores = new List<AccountStore>();
        for (var index = 0; index < accounts; index++)
        {
            stores.Add(await AddAccountAsync(storage, call));
        }

        await WriteForAsync(TimeSpan.FromSeconds(1), stores, writers, call);
        var begun = call.Time.GetTimestamp();
        var latencies = await WriteForAsync(Measured, stores, writers, call);
        return (latencies.Count / call.Time.GetElapsedTime(begun).TotalSeconds, latencies);
    }

    private static async Task<AccountStore> AddAccountAsync(RegionStorage storage, BenchCall call)
    {
        var account = AccountId.Parse(ContentId.Draw()[..16]);
        var store = storage.Open(account);
        await store.WriteAsync(
            transaction =>
            {
                transaction.PutRow(new AccountRow(
                    new AccountProfile(account, Country.Parse("IN"), null), 1, AccountState.Active, 0,
                    new byte[SetDigest.LengthBytes], null, null, Cursor: 0, Pulling: null, HasData: true));
                store.CreateKey(transaction);
                return true;
            },
            call.Stop);
        await RunAsync(store, new CreateBucket(Bucket), call);
        return store;
    }

    private static async Task<Spread> WriteForAsync(
        TimeSpan atLeast, List<AccountStore> stores, int writers, BenchCall call)
    {
        var begun = call.Time.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var mine = new List<double>();
            for (var turn = 0; call.Time.GetElapsedTime(begun) < atLeast; turn++)
            {
                var asked = call.Time.GetTimestamp();
                await RunAsync(stores[writer % stores.Count], NewPut($"{writer}/{turn % KeysEach}"), call);
                mine.Add(call.Time.GetElapsedTime(asked).TotalMilliseconds);
            }

            return mine;
        })));
        return new Spread(all.SelectMany(mine => mine));
    }

    private static PutObject NewPut(string key)
        => new(
            Bucket, key, new StagedContent(ContentId.Draw(), ContentBytes, new byte[ContentBytes + ContentLimits.TagBytes]),
            new string('0', 32), NoHeaders, [], NoTags, WriteConditions.None);

    private static async Task RunAsync(AccountStore store, AccountCommand command, BenchCall call)
    {
        var done = await store.WriteAsync(one => CommandExecutor.Execute(one, epoch: 1, command), call.Stop);
        if (done is not Execution.Executed { Result: not CommandResult.Refused })
        {
            throw new BenchmarkFailedException($"{command.GetType().Name} was refused: {done}");
        }
    }

    private static double DigestsPerSecond(BenchCall call)
    {
        var digest = SetDigest.Empty;
        var row = RandomNumberGenerator.GetBytes(200);
        var begun = call.Time.GetTimestamp();
        var count = 0;
        for (; call.Time.GetElapsedTime(begun) < TimeSpan.FromSeconds(1); count++)
        {
            row[0]++;
            digest.Add(row);
        }

        return count / call.Time.GetElapsedTime(begun).TotalSeconds;
    }
}
