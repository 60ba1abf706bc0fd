using System.Text;
using Domicile.Ledger;
using Domicile.Proofs;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Tests.Ledger;

public sealed class LedgerStoreTests : IAsyncLifetime, IDisposable
{
    private const string Origin = "domicile.example/test";

    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-ledger-").FullName;
    private readonly EcdsaSigner _signer = EcdsaSigner.Generate();
    private readonly ManualTime _time = new();
    private SqliteConnection _connection = null!;
    private LedgerStore _ledger = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        SQLitePCL.Batteries_V2.Init();
        await RestartAsync();
    }

    [Fact]
    public async Task What_is_appended_is_read_back_in_order()
    {
        await AppendAsync(3);

        Assert.Equal("leaf 1", Text((await LedgerStore.ReadAsync(_connection, 1, Token))!.Bytes));
        Assert.Null(await LedgerStore.ReadAsync(_connection, 3, Token));
        Assert.Null(await LedgerStore.ReadAsync(_connection, -1, Token));
        var page = await LedgerStore.ReadPageAsync(_connection, 1, 10, Token);
        Assert.Equal([1, 2], page.Select(leaf => leaf.Index));
        Assert.All(page, leaf => Assert.Equal((LedgerKind.Policy, _time.GetUtcNow()), (leaf.Kind, leaf.At)));
    }

    [Fact]
    public async Task Every_leaf_is_proven_under_every_checkpoint()
    {
        for (var size = 1; size <= 20; size++)
        {
            await AppendAsync(1);
            Assert.True(Checkpoint.TryOpen(await CheckpointAsync(), _ledger.PublicKey, out var checkpoint));
            Assert.Equal((Origin, size), (checkpoint.Origin, checkpoint.Size));

            for (var index = 0; index < size; index++)
            {
                var proof = await _ledger.ProveAsync(_connection, index, Token);
                var leaf = MerkleTree.HashLeaf(Encoding.UTF8.GetBytes($"leaf {index}"));
                Assert.True(MerkleTree.VerifyInclusion(
                    leaf, index, size, Assert.IsType<Domicile.Proofs.Receipts.LedgerProof>(proof).InclusionProof, checkpoint.Root));
            }
        }
    }

    [Fact]
    public async Task Every_checkpoint_is_the_beginning_of_every_later_one()
    {
        var roots = new List<byte[]> { MerkleTree.EmptyRoot };
        for (var size = 1; size <= 17; size++)
        {
            await AppendAsync(1);
            Assert.True(Checkpoint.TryOpen(await CheckpointAsync(), _ledger.PublicKey, out var checkpoint));
            roots.Add(checkpoint.Root);
            for (var old = 0; old <= size; old++)
            {
                var proof = await LedgerStore.ProveConsistencyAsync(_connection, old, size, Token);
                Assert.True(MerkleTree.VerifyConsistency(old, roots[old], size, checkpoint.Root, proof!));
            }
        }

        Assert.Null(await LedgerStore.ProveConsistencyAsync(_connection, 3, 18, Token));
        Assert.Null(await LedgerStore.ProveConsistencyAsync(_connection, 4, 3, Token));
        Assert.Null(await LedgerStore.ProveConsistencyAsync(_connection, -1, 3, Token));
    }

    [Fact]
    public async Task A_leaf_without_a_checkpoint_is_not_proven_yet()
    {
        Assert.Null(await _ledger.ProveAsync(_connection, 0, Token));
        await AppendAsync(2);
        await CheckpointAsync();
        await AppendAsync(1);

        Assert.NotNull(await _ledger.ProveAsync(_connection, 1, Token));
        Assert.Null(await _ledger.ProveAsync(_connection, 2, Token));
        Assert.Null(await _ledger.ProveAsync(_connection, -1, Token));
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_leaves_no_trace()
    {
        await AppendAsync(3);
        var before = await CheckpointAsync();
        await using (var transaction = await _connection.BeginTransactionAsync(Token))
        {
            await _ledger.AppendAsync(transaction, LedgerKind.Move, "never"u8.ToArray(), Token);
            await _ledger.AppendAsync(transaction, LedgerKind.Move, "never"u8.ToArray(), Token);
            await transaction.RollbackAsync(Token);
        }

        Assert.Equal(before, await CheckpointAsync());
        await AppendAsync(1);
        Assert.Equal("leaf 3", Text((await LedgerStore.ReadAsync(_connection, 3, Token))!.Bytes));
        await _ledger.VerifyAsync(_connection, Token);
    }

    [Fact]
    public async Task Nothing_appended_means_no_new_signature()
    {
        var empty = await CheckpointAsync();
        Assert.Equal(empty, await CheckpointAsync());
        await AppendAsync(1);

        var one = await CheckpointAsync();
        Assert.NotEqual(empty, one);
        Assert.Equal(one, await CheckpointAsync());
    }

    [Fact]
    public async Task A_restart_changes_nothing()
    {
        await AppendAsync(7);
        var note = await CheckpointAsync();
        await RestartAsync();

        Assert.Equal(note, await CheckpointAsync());
        await AppendAsync(6);
        await CheckpointAsync();
        await RestartAsync();
        Assert.NotNull(await _ledger.ProveAsync(_connection, 12, Token));
    }

    [Theory]
    [InlineData("UPDATE ledger_leaf SET leaf = x'00' WHERE idx = 2", "are not those that its last checkpoint signed")]
    [InlineData("UPDATE ledger_leaf SET leaf = x'00' WHERE idx = 8", "are not those of the stored leaves")]
    [InlineData("DELETE FROM ledger_leaf WHERE idx >= 4", "its last checkpoint is of 7")]
    [InlineData("DELETE FROM ledger_leaf", "its last checkpoint is of 7")]
    [InlineData("DELETE FROM ledger_leaf WHERE idx = 3", "leaf 3 is missing")]
    [InlineData("UPDATE ledger_leaf SET idx = 100 WHERE idx = 8", "leaf 8 is missing")]
    [InlineData("UPDATE ledger_leaf SET leaf_hash = zeroblob(32) WHERE idx = 8", "are not those of the stored leaves")]
    [InlineData("UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 3", "are not those of the stored leaves")]
    [InlineData("DELETE FROM ledger_node", "is missing")]
    [InlineData("UPDATE ledger_leaf SET kind = 'gossip' WHERE idx = 1", "no known kind")]
    [InlineData("UPDATE ledger_checkpoint SET note = replace(note, '7', '8')", "is not signed by")]
    [InlineData("UPDATE ledger_checkpoint SET note = ''", "is not signed by")]
    public async Task What_was_changed_behind_its_back_keeps_it_from_opening(string tampering, string reason)
    {
        await AppendAsync(7);
        await CheckpointAsync();
        await AppendAsync(2);
        await ExecuteAsync(tampering);

        var error = await Assert.ThrowsAsync<LedgerCorruptException>(RestartAsync);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE FROM ledger_leaf WHERE idx >= 4; DELETE FROM ledger_node WHERE (idx + 1) << level > 4")]
    [InlineData("UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 2")]
    [InlineData("UPDATE ledger_leaf SET leaf_hash = zeroblob(32) WHERE idx = 6")]
    public async Task It_never_signs_a_fork_of_what_it_signed(string tampering)
    {
        await AppendAsync(7);
        await CheckpointAsync();
        await ExecuteAsync(tampering);
        await Assert.ThrowsAsync<LedgerCorruptException>(CheckpointAsync);

        await AppendAsync(5, "another leaf");
        await Assert.ThrowsAsync<LedgerCorruptException>(CheckpointAsync);
    }

    [Fact]
    public async Task Nothing_is_appended_where_leaves_were_lost()
    {
        await AppendAsync(7);
        await ExecuteAsync("DELETE FROM ledger_leaf WHERE idx >= 3");

        await Assert.ThrowsAsync<LedgerCorruptException>(() => AppendAsync(1));
    }

    [Fact]
    public async Task A_past_that_is_rewritten_whole_is_still_not_signed()
    {
        await AppendAsync(4);
        await CheckpointAsync();

        // Someone with the database, and without the key, makes a consistent ledger of other leaves.
        await ExecuteAsync("DELETE FROM ledger_leaf; DELETE FROM ledger_node");
        await using (var transaction = await _connection.BeginTransactionAsync(Token))
        {
            for (var i = 0; i < 6; i++)
            {
                await _ledger.AppendAsync(transaction, LedgerKind.Move, "forged"u8.ToArray(), Token);
            }

            await transaction.CommitAsync(Token);
        }

        await Assert.ThrowsAsync<LedgerCorruptException>(CheckpointAsync);
        await Assert.ThrowsAsync<LedgerCorruptException>(RestartAsync);
    }

    [Fact]
    public async Task A_proof_that_its_reader_would_refuse_is_not_given()
    {
        await AppendAsync(7);
        await CheckpointAsync();
        await ExecuteAsync("UPDATE ledger_leaf SET leaf = x'00' WHERE idx = 2");

        await Assert.ThrowsAsync<LedgerCorruptException>(() => _ledger.ProveAsync(_connection, 2, Token));
    }

    [Fact]
    public async Task Another_key_or_origin_does_not_take_over_a_ledger()
    {
        using var other = EcdsaSigner.Generate();
        await AppendAsync(1);
        await CheckpointAsync();

        await Assert.ThrowsAsync<LedgerCorruptException>(
            () => LedgerStore.OpenAsync(_connection, Origin, other, _time, cancellationToken: Token));
        await Assert.ThrowsAsync<LedgerCorruptException>(
            () => LedgerStore.OpenAsync(_connection, "domicile.example/other", _signer, _time, cancellationToken: Token));
    }

    [Fact]
    public async Task A_leaf_has_a_limit()
    {
        await using var transaction = await _connection.BeginTransactionAsync(Token);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _ledger.AppendAsync(
            transaction, LedgerKind.Move, new byte[LedgerStore.LeafLengthBytesMax + 1], Token));
    }

    [Fact]
    public void A_head_grown_leaf_by_leaf_is_that_of_the_whole_tree()
        => Prop.ForAll<byte[][]>(leaves =>
        {
            var head = new LedgerHead();
            byte[][] hashes = [.. leaves.Select(leaf => MerkleTree.HashLeaf(leaf))];
            Array.ForEach(hashes, head.Append);
            return head.Size == leaves.Length && head.Root().SequenceEqual(MerkleTree.Root(hashes));
        }).QuickCheckThrowOnFailure();

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        Dispose();
    }

    public void Dispose() => _signer.Dispose();

    private async Task RestartAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        var path = Path.Combine(_directory, "control.db");
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await _connection.OpenAsync(Token);
        _ledger = await LedgerStore.OpenAsync(_connection, Origin, _signer, _time, cancellationToken: Token);
    }

    private async Task AppendAsync(int leaves, string text = "leaf")
    {
        await using var transaction = await _connection.BeginTransactionAsync(Token);
        for (var i = 0; i < leaves; i++)
        {
            var next = await CountAsync(transaction);
            var index = await _ledger.AppendAsync(
                transaction, LedgerKind.Policy, Encoding.UTF8.GetBytes($"{text} {next}"), Token);
            Assert.Equal(next, index);
        }

        await transaction.CommitAsync(Token);
    }

    private async Task<long> CountAsync(System.Data.Common.DbTransaction transaction)
    {
        await using var command = _connection.CreateCommand();
        command.Transaction = (SqliteTransaction)transaction;
        command.CommandText = "SELECT COUNT(*) FROM ledger_leaf";
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private Task<string> CheckpointAsync() => _ledger.CheckpointAsync(_connection, Token);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(await command.ExecuteNonQueryAsync(Token) > 0);
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
