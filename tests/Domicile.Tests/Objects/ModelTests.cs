using Xunit;

namespace Domicile.Tests.Objects;

/// <summary>Random commands against the reference model, and a copy that follows them.</summary>
public sealed class ModelTests
{
    private const int Steps = 250;

    private static readonly string[] Tables = ["bucket", "version", "upload", "part", "credential", "content"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task The_engine_does_what_the_model_does_and_a_follower_ends_up_equal(int seed)
    {
        var random = new Random(seed);
        await using var source = await TestAccount.CreateAsync();
        var commands = new RandomCommands(random, source);
        var start = random.Next(Steps);
        Follower? follower = null;
        for (var step = 0; step < Steps; step++)
        {
            if (step == start)
            {
                follower = await Follower.FollowAsync(source);
            }

            await commands.Step();
            AssertConsistent(source);
            await AssertCounts(source);
            if (follower is not null && random.Next(3) == 0)
            {
                await follower.PullAsync(random.Next(1, 12), random.Next(100, 5000), random.Next(1, 3));
                AssertDigest(follower.Target);
            }

            if (step % 10 == 0)
            {
                await AssertListed(source, commands.Model, random);
            }
        }

        await AssertListed(source, commands.Model, random);
        await follower!.PullAllAsync();
        await AssertListed(follower.Target, commands.Model, random);
        AssertConsistent(follower.Target);
        await AssertCounts(follower.Target);
        AssertEqual(source, follower.Target);
        await follower.DisposeAsync();
    }

    private static async Task AssertListed(TestAccount account, ReferenceModel model, Random random)
    {
        await using var copy = account.OpenCopy();
        Assert.Equal(model.Buckets.Keys, (await copy.ListBucketsAsync("", null, 1000, TestContext.Current.CancellationToken)).Select(b => b.Name));
        foreach (var (name, bucket) in model.Buckets)
        {
            var prefix = new[] { "", "", "a", "a/", "\U0001F600", "a/\U0010FFFF" }[random.Next(6)];
            var delimiter = new[] { "", "/", "/", "//", "\U0010FFFF" }[random.Next(5)];
            var pageSize = random.Next(1, 5);
            Assert.Equal(
                model.List(name, prefix, delimiter), await Pages.ObjectsAsync(account, name, prefix, delimiter, pageSize));
            Assert.Equal(
                model.ListVersions(name, prefix, delimiter),
                await Pages.VersionsAsync(account, name, prefix, delimiter, pageSize));
            foreach (var expected in bucket.Versions)
            {
                var found = (await copy.FindObjectAsync(name, expected.Key, expected.Id, TestContext.Current.CancellationToken))!;
                Assert.Equal(
                    expected,
                    new ModelVersion(
                        found.Key, found.VersionId, found.ETag, found.SizeBytes, found.IsDeleteMarker,
                        found.Tags.GetValueOrDefault("tag", "")));
                Assert.Equal(model.Latest(name, expected.Key) == expected, found.IsLatest);
            }
        }
    }

    private static void AssertConsistent(TestAccount account)
    {
        AssertDigest(account);
        var pieces = account.Store.Read(sql => sql.List(
            "SELECT document FROM version UNION ALL SELECT document FROM part",
            reader => System.Text.Json.JsonDocument.Parse(reader.GetString(0)).RootElement))
            .Where(document => document.TryGetProperty("pieces", out _))
            .SelectMany(document => document.GetProperty("pieces").EnumerateArray())
            .GroupBy(piece => piece.GetProperty("contentId").GetString()!)
            .Select(group => $"{group.Key}:{group.Count()}")
            .Order(StringComparer.Ordinal);
        Assert.Equal(pieces, account.Column("SELECT content || ':' || refs FROM content ORDER BY content"));
    }

    // What the row counts as it goes is what is there, parts of uploads under way included.
    private static async Task AssertCounts(TestAccount account)
    {
        await using var copy = account.OpenCopy();
        var held = (await copy.MeasureUsageAsync(TestContext.Current.CancellationToken)).Categories.Values;
        Assert.Equal(
            (held.Sum(one => one.Versions), held.Sum(one => one.Bytes)),
            (account.Store.Row!.Versions, account.Store.Row.Bytes));
    }

    private static void AssertDigest(TestAccount account)
        => Assert.Equal(account.ComputeDigest(), account.Store.Row!.Digest.ToArray());

    private static void AssertEqual(TestAccount source, TestAccount target)
    {
        Assert.Equal(source.Store.Row!.Digest.ToArray(), target.Store.Row!.Digest.ToArray());
        Assert.Equal(source.Store.Row.Seq, target.Store.Row.Seq);
        foreach (var table in Tables)
        {
            Assert.Equal(Dump(source, table), Dump(target, table));
        }
    }

    private static List<string> Dump(TestAccount account, string table)
        => account.Store.Read(sql => sql.List(
            $"SELECT * FROM {table} ORDER BY 1, 2, 3, 4",
            reader => string.Join('|', Enumerable.Range(0, reader.ColumnCount).Select(i =>
                reader.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : $"{reader.GetValue(i)}"))));
}
