using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Cli.Formats;
using Domicile.Cli.Local;
using Domicile.Cli.Verbs;
using Domicile.Control;

namespace Domicile.Cli.Demo;

/// <summary>What must be true after the moves, looked at from outside: through S3, through receipts, in the files.</summary>
internal sealed class Checks(
    LocalDeployment deployment, ControlClient control, IReadOnlyDictionary<Person, Journal> journals)
{
    private const int AtOnce = 8;

    private IEnumerable<Person> Leaving => journals.Keys.Where(person => person.Leaves);

    /// <summary>Everyone lives where the policy wants them.</summary>
    public async Task<CheckLine> PlacesAsync(CancellationToken cancellationToken)
    {
        var wrong = new List<string>();
        foreach (var person in journals.Keys)
        {
            var where = await WhereAsync(person, cancellationToken);
            if (!where.Placed || (where.Home == "beijing") == person.Leaves)
            {
                wrong.Add($"{person.Name} is in {where.Home}: {where.Reason}");
            }
        }

        return Line("every account is where the policy wants it", wrong, $"{journals.Count} accounts");
    }

    public CheckLine Requests()
    {
        var failures = journals.Values.SelectMany(journal => journal.Failures).ToList();
        var requests = journals.Values.Sum(journal => journal.Requests);
        return Line("no request of a device failed", failures, $"{Sizes.Count(requests)} requests");
    }

    /// <summary>Each acknowledged write by its version id, and for each key that the last one is the latest.</summary>
    public async Task<CheckLine> WritesAsync(CancellationToken cancellationToken)
    {
        var wrong = new System.Collections.Concurrent.ConcurrentQueue<string>();
        foreach (var (person, journal) in journals)
        {
            var where = await WhereAsync(person, cancellationToken);
            using var client = StockClient.Open(person, deployment.EndpointOf(where.Home!));
            var latest = journal.Writes.GroupBy(write => (write.Bucket, write.Key))
                .Select(writes => writes.Last() with { VersionId = null });
            await Parallel.ForEachAsync(
                journal.Writes.Concat(latest),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (write, stop) =>
                {
                    if (await CompareAsync(client, write, stop) is { } trouble)
                    {
                        wrong.Enqueue($"{person.Name}: {trouble}");
                    }
                });
        }

        var writes = journals.Values.Sum(journal => journal.Writes.Count);
        return Line(
            "every acknowledged write is there, right bytes, right version", [.. wrong], $"{Sizes.Count(writes)} writes");
    }

    /// <summary>Receipts against the ledger's key, with Domicile.Proofs alone.</summary>
    public async Task<CheckLine> ReceiptsAsync(IReadOnlyList<MoveView> moves, CancellationToken cancellationToken)
    {
        var key = (await control.GetAsync("ledger/checkpoint", ApiJson.Default.CheckpointView, cancellationToken)).PublicKeyPem;
        var wrong = new List<string>();
        foreach (var move in moves.Where(move => move.State == "done"))
        {
            var receipt = await control.GetBytesAsync($"moves/{move.Move}/receipt", cancellationToken);
            var verified = OfflineReceipt.Check(move.Move.ToString(), receipt, key);
            if (!verified.Verified || !verified.LedgerTrusted)
            {
                var failed = verified.Checks.First(check => check.Outcome != "passed");
                wrong.Add($"{move.Move}: {failed.Check}: {failed.Detail}");
            }
        }

        return Line("every receipt verifies offline", wrong, $"{moves.Count} receipts");
    }

    /// <summary>No byte of who left; and the search does find who stayed, so that it is known to see.</summary>
    public (CheckLine Line, int Left) Traces(CancellationToken cancellationToken)
    {
        var needles = Leaving.SelectMany(Needle.Of).ToList();
        var staying = journals.Keys.Where(person => !person.Leaves).ToList();
        var all = needles.Concat(staying.SelectMany(Needle.Of)).ToList();
        var scan = Search(all, cancellationToken);
        var left = scan.Finds.Where(found => found.Needle < needles.Count).ToList();
        var seen = scan.Finds.Where(found => found.Needle >= needles.Count)
            .Select(found => all[found.Needle].Owner).Distinct().Count();
        var wrong = left.Select(found =>
            $"{all[found.Needle].Owner.Name}'s {all[found.Needle].What} at {found.Offset} of {found.File}").ToList();
        if (seen < staying.Count)
        {
            wrong.Add($"the search sees only {seen} of {staying.Count} accounts that stayed, so it proves nothing");
        }

        return (Line(
            "no byte of a moved account is left in Beijing", wrong,
            $"{needles.Count} markers, {scan.Files} files, {Sizes.Format(scan.Bytes)}"), left.Count);
    }

    /// <summary>How many leaving accounts the search sees in Beijing's files now.</summary>
    public int CountSeen(CancellationToken cancellationToken)
    {
        var needles = Leaving.SelectMany(Needle.Of).ToList();
        return Search(needles, cancellationToken).Finds.Select(found => needles[found.Needle].Owner).Distinct().Count();
    }

    private static async Task<string?> CompareAsync(
        AmazonS3Client client, AcknowledgedWrite write, CancellationToken cancellationToken)
    {
        var what = $"{write.Bucket}/{write.Key} version {write.VersionId ?? "latest"}";
        try
        {
            using var answer = await client.GetObjectAsync(
                new GetObjectRequest { BucketName = write.Bucket, Key = write.Key, VersionId = write.VersionId }, cancellationToken);
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(answer.ResponseStream, cancellationToken));
            return hash != write.Sha256 ? $"{what} has other bytes"
                : answer.ETag != write.ETag ? $"{what} has ETag {answer.ETag} instead of {write.ETag}"
                : null;
        }
        catch (Exception failure) when (failure is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            return $"{what}: {failure.Message}";
        }
    }

    private static CheckLine Line(string what, List<string> wrong, string detail)
        => wrong.Count == 0
            ? new CheckLine(what, true, detail)
            : new CheckLine(what, false, $"{wrong.Count} wrong, the first: {Clean.Line(wrong[0])}");

    private ScanResult Search(List<Needle> needles, CancellationToken cancellationToken)
        => MarkerScan.Search(
            Path.Combine(deployment.Directory, "beijing"), [.. needles.Select(needle => needle.Bytes)], cancellationToken);

    private Task<WhereView> WhereAsync(Person person, CancellationToken cancellationToken)
        => control.GetAsync($"accounts/{person.Id}/where", ApiJson.Default.WhereView, cancellationToken);
}
