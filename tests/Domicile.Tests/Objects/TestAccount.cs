using Domicile.Objects;
using Domicile.Storage;
using Domicile.Tests.Storage;

namespace Domicile.Tests.Objects;

/// <summary>One account in a region of its own, which takes commands and answers queries.</summary>
internal sealed class TestAccount : IAsyncDisposable
{
    public const long Epoch = 1;

    public static readonly ObjectHeaders NoHeaders = new();
    public static readonly IReadOnlyDictionary<string, string> NoTags = new Dictionary<string, string>();

    private readonly TemporaryRegion _region;
    private int _contents;

    private TestAccount(TemporaryRegion region, AccountStore store) => (_region, Store) = (region, store);

    public AccountStore Store { get; }

    public static async Task<TestAccount> CreateAsync()
    {
        var region = await TemporaryRegion.CreateAsync();
        return new TestAccount(region, await region.AddAsync());
    }

    /// <summary>Buckets named so, with this versioning.</summary>
    public static async Task<TestAccount> CreateAsync(Versioning versioning, params string[] buckets)
    {
        var account = await CreateAsync();
        foreach (var bucket in buckets)
        {
            await account.Run(new CreateBucket(bucket));
            if (versioning != Versioning.Off)
            {
                await account.Run(new PutBucketVersioning(bucket, versioning));
            }
        }

        return account;
    }

    public async Task<CommandResult> Run(AccountCommand command)
        => await Execute(command, Epoch) is Execution.Executed executed
            ? executed.Result
            : throw new InvalidOperationException("The account is not here.");

    public Task<Execution> Execute(AccountCommand command, long epoch)
        => Store.WriteAsync(transaction => CommandExecutor.Execute(transaction, epoch, command), CancellationToken.None);

    public Task Change(Action<AccountTransaction> change)
        => Store.WriteAsync(
            transaction =>
            {
                change(transaction);
                return true;
            },
            CancellationToken.None);

    /// <returns>The code of the refusal; null where the command was not refused.</returns>
    public async Task<string?> CodeOf(AccountCommand command) => (await Run(command) as CommandResult.Refused)?.Code;

    public async Task<CommandResult.ObjectWritten> Put(
        string bucket, string key, string text = "", WriteConditions? conditions = null)
        => (CommandResult.ObjectWritten)await Run(NewPut(bucket, key, text, conditions));

    public PutObject NewPut(string bucket, string key, string text = "", WriteConditions? conditions = null)
    {
        var staged = Stage(text.Length, isInline: true);
        return new PutObject(
            bucket, key, staged, $"etag{text}", NoHeaders, [], NoTags, conditions ?? WriteConditions.None);
    }

    /// <summary>A content whose bytes nobody reads.</summary>
    public StagedContent Stage(long lengthBytes, bool isInline)
    {
        var id = string.Concat($"{_contents++:d26}".Select(digit => (char)('a' + digit - '0')));
        return new StagedContent(id, lengthBytes, isInline ? new byte[16 + lengthBytes] : null);
    }

    public Task<CommandResult> Delete(string bucket, string key, string? versionId = null)
        => Run(new DeleteObject(bucket, key, versionId, WriteConditions.None));

    public AccountCopy OpenCopy() => new(Store, Store.HoldOpen(), epoch: 1);

    public async Task<ObjectPage> List(
        string bucket, string prefix = "", string delimiter = "", string? after = null, int pageSize = 1000)
    {
        await using var copy = OpenCopy();
        return await copy.ListObjectsAsync(new ObjectQuery(bucket, prefix, delimiter, after, pageSize), default);
    }

    public async Task<VersionPage> ListVersions(
        string bucket, string prefix = "", string delimiter = "", string? key = null, string? versionId = null,
        int pageSize = 1000)
    {
        await using var copy = OpenCopy();
        return await copy.ListVersionsAsync(new VersionQuery(bucket, prefix, delimiter, key, versionId, pageSize), default);
    }

    public async Task<ObjectVersion?> Find(string bucket, string key, string? versionId = null)
    {
        await using var copy = OpenCopy();
        return await copy.FindObjectAsync(bucket, key, versionId, default);
    }

    /// <summary>Rows of a query of one text column.</summary>
    public IReadOnlyList<string> Column(string sql) => Store.Read(s => s.List(sql, reader => reader.GetString(0)));

    public byte[] ComputeDigest() => Store.Read(sql => ChangeFeed.ComputeDigest(sql, Store.Account));

    public ValueTask DisposeAsync() => _region.DisposeAsync();
}
