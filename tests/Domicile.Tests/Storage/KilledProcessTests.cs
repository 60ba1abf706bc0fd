using System.Diagnostics;
using System.Globalization;
using System.Text;
using Domicile.Proofs;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>
/// Goal: what a process acknowledged is there after it was killed, whole, and nothing half-done is. Method: this test
/// program runs a second time as a child that writes from many tasks at once and prints each number after its
/// acknowledgement; the parent kills it in the middle, three times over one directory.
/// </summary>
public sealed class KilledProcessTests
{
    private const string DirectoryVariable = "DOMICILE_TEST_KILLED_DIRECTORY";
    private const int WritersAtOnce = 16;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_acknowledged_survives_a_kill()
    {
        var directory = Directory.CreateTempSubdirectory("domicile-killed-").FullName;
        var acknowledged = new List<string>();

        for (var round = 0; round < 3; round++)
        {
            acknowledged.AddRange(await RunChildAndKillAsync(directory, round));
            await CheckAsync(directory, acknowledged);
        }

        Assert.InRange(acknowledged.Count, 3 * 200, int.MaxValue);
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>The child; in an ordinary run there is nothing for it to do.</summary>
    [Fact]
    public async Task Child_writes_until_it_is_killed()
    {
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is not { } directory)
        {
            return;
        }

        using var custodian = await LocalCustodian.OpenAsync(directory, Cancelled);
        await using var storage = RegionStorage.Open(directory, custodian, TimeProvider.System);
        var store = storage.Open(TemporaryRegion.Anna);
        if (store.Row is null)
        {
            await store.WriteAsync(
                transaction =>
                {
                    transaction.PutRow(TemporaryRegion.NewRow(TemporaryRegion.Anna));
                    store.CreateKey(transaction);
                    return true;
                },
                Cancelled);
        }

        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        using var oneAtATime = new SemaphoreSlim(1);
        await Task.WhenAll(Enumerable.Range(0, WritersAtOnce).Select(writer => WriteForEverAsync(store, writer, output, oneAtATime)));
    }

    private static async Task WriteForEverAsync(AccountStore store, int writer, StreamWriter output, SemaphoreSlim oneAtATime)
    {
        var round = Environment.GetEnvironmentVariable("DOMICILE_TEST_KILLED_ROUND");
        for (var number = 0; ; number++)
        {
            // Some contents lie in files, some in their rows.
            var content = await Contents.WriteAsync(store, Contents.Bytes(number % 4 == 0 ? 70_000 : 3000));
            var name = string.Create(CultureInfo.InvariantCulture, $"{round}-{writer}-{number}");
            await store.WriteAsync(transaction => Put(transaction, name, content), Cancelled);
            await oneAtATime.WaitAsync(Cancelled);
            await output.WriteLineAsync($"acknowledged {name}");
            oneAtATime.Release();
        }
    }

    private static bool Put(AccountTransaction transaction, string name, StoredContent content)
    {
        var seq = transaction.Fence(epoch: 1)!.Value;
        transaction.Sql.Execute(
            "INSERT INTO bucket VALUES (@p1, @p2, @p3, 0, 0, @p4)", transaction.Account.Value, name, seq, content.ContentId);
        transaction.Sql.Execute(
            "INSERT INTO content VALUES (@p1, @p2, @p3, @p4, 1, @p5)",
            transaction.Account.Value, content.ContentId, seq, content.LengthBytes, content.IsInline ? (object)content.Inline : null);
        transaction.Digest([], Encoding.UTF8.GetBytes(name));
        return true;
    }

    private static async Task<List<string>> RunChildAndKillAsync(string directory, int round)
    {
        var method = $"{typeof(KilledProcessTests).FullName}.{nameof(Child_writes_until_it_is_killed)}";
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Domicile.Tests"), ["-method", method]) { RedirectStandardOutput = true };
        start.Environment[DirectoryVariable] = directory;
        start.Environment["DOMICILE_TEST_KILLED_ROUND"] = round.ToString(CultureInfo.InvariantCulture);
        using var child = Process.Start(start)!;
        var acknowledged = new List<string>();
        while (await child.StandardOutput.ReadLineAsync(Cancelled) is { } line)
        {
            // The last line may be cut by the kill: only a whole word "acknowledged" with a whole name counts.
            if (line.Split(' ') is ["acknowledged", var name])
            {
                acknowledged.Add(name);
            }

            if (acknowledged.Count == 200)
            {
                child.Kill();
            }
        }

        await child.WaitForExitAsync(Cancelled);
        return acknowledged;
    }

    private static async Task CheckAsync(string directory, List<string> acknowledged)
    {
        using var custodian = await LocalCustodian.OpenAsync(directory, Cancelled);
        await using var storage = RegionStorage.Open(directory, custodian, TimeProvider.System);
        var store = storage.Find(TemporaryRegion.Anna)!;
        await store.SweepAsync(Cancelled);
        var rows = store.Read(sql => sql.List(
            "SELECT name, tags FROM bucket", row => (Name: row.GetString(0), Content: row.GetString(1))));

        Assert.Empty(acknowledged.Except(rows.Select(row => row.Name)));
        Assert.Equal(rows.Count, store.Row!.Seq);
        var digest = SetDigest.Empty;
        foreach (var row in rows)
        {
            digest.Add(Encoding.UTF8.GetBytes(row.Name));
            var content = store.Read(sql => StoredContent.Find(sql, store.Account, row.Content))!;
            await store.Contents.VerifyAsync(content, Cancelled);
        }

        Assert.True(digest.Matches(store.Row.Digest.Span));
        Assert.Equal(
            store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM content WHERE inline IS NULL")),
            Contents.FilesOf(store).Count);
    }
}
