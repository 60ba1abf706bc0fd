using Domicile.Accounts;
using Domicile.Control;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Bench;

/// <summary>
/// Many small objects for an account, written by the engine into the directory of a region that is stopped meanwhile: a
/// million through S3 would take minutes. Rows, digest and encryption are as S3 would have made them.
/// </summary>
internal static class StoreFill
{
    private const int PutsPerCommit = 400;
    private const int CommitsAtOnce = 4;

    // head -c 256 /dev/zero | md5sum
    private const string ETag = "348a9791dc41b89796ec3808b5b5262f";
    private static readonly byte[] Content = new byte[256];
    private static readonly ObjectHeaders NoHeaders = new();
    private static readonly Dictionary<string, string> NoTags = [];

    public static Task RunAsync(TestBed bed, NewAccountView account, string region, int count, BenchCall call)
        => bed.WithoutAsync(region, async directory =>
        {
            using var custodian = await LocalCustodian.OpenAsync(directory, call.Stop);
            await using var storage = RegionStorage.Open(directory, custodian, call.Time);
            var store = storage.Open(AccountId.Parse(account.Account));
            var epoch = store.Row!.Epoch;
            await PutAsync(store, epoch, [new CreateBucket(FillAccount.Bucket)], call);
            await Parallel.ForAsync(
                0, (count + PutsPerCommit - 1) / PutsPerCommit,
                new ParallelOptions { MaxDegreeOfParallelism = CommitsAtOnce, CancellationToken = call.Stop },
                async (commit, _) =>
                {
                    var puts = new List<AccountCommand>();
                    for (var index = commit * PutsPerCommit; index < Math.Min(count, (commit + 1) * PutsPerCommit); index++)
                    {
                        puts.Add(await NewPutAsync(store, index, call));
                    }

                    await PutAsync(store, epoch, puts, call);
                });
        });

    private static async Task PutAsync(AccountStore store, long epoch, IReadOnlyList<AccountCommand> commands, BenchCall call)
    {
        var refused = await store.WriteAsync(
            transaction => commands.Select(command => CommandExecutor.Execute(transaction, epoch, command))
                .FirstOrDefault(done => done is not Execution.Executed { Result: not CommandResult.Refused }),
            call.Stop);
        if (refused is not null)
        {
            throw new BenchmarkFailedException($"A write into the store was refused: {refused}");
        }
    }

    private static async Task<PutObject> NewPutAsync(AccountStore store, int index, BenchCall call)
    {
        await using var writer = new ContentWriter(store.Contents);
        await writer.WriteAsync(Content, call.Stop);
        return new PutObject(
            FillAccount.Bucket, $"{index % 1000}/{index}", await writer.CompleteAsync(call.Stop), ETag, NoHeaders, [], NoTags,
            WriteConditions.None);
    }
}
