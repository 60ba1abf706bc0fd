using System.IO.Pipelines;
using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Proofs;
using Domicile.Proofs.Statements;
using Domicile.Storage;
using Domicile.Tests.Storage;
using Xunit;
using Move = Domicile.Moves.Move;

namespace Domicile.Tests.Moves;

public sealed class ReencryptionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private TestDeployment _deployment = null!;
    private AccountProfile _account = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private RegionNode Beijing => _deployment.Node(TestDeployment.Beijing);

    private RegionNode Singapore => _deployment.Node(TestDeployment.Singapore);

    public async ValueTask InitializeAsync()
    {
        _deployment = await TestDeployment.StartAsync();
        _account = await _deployment.AddAccountAsync(TestDeployment.Beijing);
        await RunAsync(Beijing, new CreateBucket("photos"));
    }

    public ValueTask DisposeAsync() => _deployment.DisposeAsync();

    // Goal: who kept the key that an account had at its former home reads nothing of it at the new one, once that says so.
    [Fact]
    public async Task After_a_move_nothing_is_left_under_the_key_that_came()
    {
        await PutAllAsync(Beijing);
        var former = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));

        await MoveAsync(TestDeployment.Beijing, TestDeployment.Singapore, epoch: 1);
        await PutAsync(Singapore, "new", 100_000);
        Assert.False(await IsUnderAsync(Singapore, former, "new"));
        await AllUnderNewestAsync(Singapore);

        AssertNothingUnder(Singapore, former);
        await AssertWholeAsync(Singapore);
        var renewal = await Singapore.DescribeKeysAsync(_account.Id, Stop);
        Assert.Equal((1, 0, 0, 0), (renewal.Keys, renewal.ContentsLeft, renewal.BytesLeft, renewal.Damaged));
        Assert.True(renewal.EndedAt >= renewal.NewKeyAt);
        Assert.Single(await Singapore.ListKeysAsync(_account.Id, Stop));
    }

    // Goal: a target's signed word is true while former keys exist and when none do, and is of the move that brought the account.
    // Method: a rotation stands for what is still to be done, a reader keeps it from ending.
    [Fact]
    public async Task A_new_home_states_how_far_it_is_of_the_move_that_brought_the_account_and_of_no_other()
    {
        await PutAllAsync(Beijing);
        var move = await MoveAsync(TestDeployment.Beijing, TestDeployment.Singapore, epoch: 1);
        await AllUnderNewestAsync(Singapore);
        var ended = await WordAsync(move);
        await using (await OpenAsync(Singapore))
        {
            await Singapore.RotateKeyAsync(_account.Id, Id(1), Stop);
            var meanwhile = await WordAsync(move);
            Assert.Null(meanwhile.EndedAt);
            Assert.True(meanwhile.StatedAt >= ended.EndedAt);
        }

        await AllUnderNewestAsync(Singapore);
        var later = await WordAsync(move);

        Assert.Equal((2, move.Id, 0, 0), (ended.Epoch, ended.MoveId, ended.ContentsLeft, ended.Damaged));
        Assert.True(ended.EndedAt >= ended.StatedAt - Patience && later.EndedAt >= ended.EndedAt);
        await RefusesAsync(Singapore, move.Id, RandomNumberGenerator.GetBytes(Subject.SaltLengthBytes));
        await RefusesAsync(Singapore, move.Id, []);
        await RefusesAsync(Singapore, Id(9), move.Salt);
        await RefusesAsync(Beijing, move.Id, move.Salt);
        var back = await MoveAsync(TestDeployment.Singapore, TestDeployment.Beijing, epoch: 2);
        await RefusesAsync(Singapore, move.Id, move.Salt);
        await MoveAsync(TestDeployment.Beijing, TestDeployment.Singapore, epoch: 3);
        await RefusesAsync(Singapore, move.Id, move.Salt);
        await RefusesAsync(Singapore, back.Id, back.Salt);

        async Task<Reencryption> WordAsync(Move of)
        {
            var bytes = await Singapore.StateReencryptionAsync(_account.Id, of.Id, of.Salt, Stop);
            Assert.True(DsseEnvelope.TryParse(bytes, out var envelope, out var problem), problem);
            Assert.True(envelope.IsSignedBy(Singapore.Region.Signer.PublicKey));
            Assert.True(envelope.TryReadStatement(out var statement, out problem), problem);
            return Assert.IsType<Reencryption>(statement.Predicate);
        }

        Task RefusesAsync(RegionNode node, Guid id, byte[] salt)
            => Assert.ThrowsAsync<RegionRefusedException>(() => node.StateReencryptionAsync(_account.Id, id, salt, Stop));
    }

    [Fact]
    public async Task A_rotation_does_the_same_at_home_and_draws_once_however_often_it_is_asked_for()
    {
        await PutAllAsync(Beijing);
        var former = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));

        await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
        var newest = StoreOf(Beijing).Ring!.Newest;
        await AllUnderNewestAsync(Beijing);
        var again = await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);

        Assert.Equal(1, again.Keys);
        Assert.Same(newest, StoreOf(Beijing).Ring!.Newest);
        AssertNothingUnder(Beijing, former);
        await AssertWholeAsync(Beijing);
    }

    // Goal: who began before the new key finds his content, and reads it to its end; the former key stays so long.
    [Fact]
    public async Task A_former_key_stays_as_long_as_somebody_may_read_under_it()
    {
        await PutAllAsync(Beijing);
        var store = StoreOf(Beijing);
        await using (var reading = await OpenAsync(Beijing))
        {
            var found = (await reading.FindObjectAsync("photos", "k100", null, Stop))!;
            await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
            await UntilAsync(store, () => store.Read(sql => RekeyRow.Find(sql, store.Account)) is { } row && row.Cursor >= row.Until);

            Assert.True(store.HasFormerKeys);
            Assert.Equal(100, (await ReadAsync(reading, found)).Length); // as it was inline when it was found
        }

        await AllUnderNewestAsync(Beijing);
    }

    // Goal: a body that was under way when the key was drawn lies under the former one, and is found.
    [Fact]
    public async Task A_write_that_began_before_the_new_key_is_encrypted_again_too()
    {
        var former = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));
        await using (var copy = await OpenAsync(Beijing))
        await using (var writer = copy.StageContent())
        {
            await writer.WriteAsync(Contents.Bytes(200_000), Stop);
            await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
            var staged = await writer.CompleteAsync(Stop);
            Assert.IsType<CommandResult.ObjectWritten>(await Beijing.Gateway.WriteAsync(copy, Put("late", staged), null, Stop));
            writer.Adopted();
            Assert.True(await IsUnderAsync(Beijing, former, "late"));
        }

        await AllUnderNewestAsync(Beijing);
        AssertNothingUnder(Beijing, former);
        Assert.Equal(Contents.Bytes(200_000), await ReadAsync(Beijing, "late"));
    }

    [Fact]
    public async Task Two_rotations_at_once_end_under_the_last_key()
    {
        await PutAllAsync(Beijing);
        var first = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));
        KeyRing second;
        await using (await OpenAsync(Beijing))
        {
            await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
            second = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));
            await Beijing.RotateKeyAsync(_account.Id, Id(2), Stop);
            Assert.Equal(3, StoreOf(Beijing).Ring!.Keys.Length);
        }

        await AllUnderNewestAsync(Beijing);
        AssertNothingUnder(Beijing, first);
        AssertNothingUnder(Beijing, second);
        await AssertWholeAsync(Beijing);
    }

    // Goal: a move takes along whatever keys there are, and its new home draws another.
    // Method: a reader keeps the former key at the source until the move is sealed.
    [Fact]
    public async Task A_move_in_the_middle_takes_both_keys_along()
    {
        await PutAllAsync(Beijing);
        var first = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));
        var reading = await OpenAsync(Beijing);
        await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
        var second = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));
        await PutAsync(Beijing, "between", 100_000);

        var moving = MoveAsync(TestDeployment.Beijing, TestDeployment.Singapore, epoch: 1);
        await UntilAsync(StoreOf(Beijing), () => StoreOf(Beijing).Row!.State == AccountState.Departed);
        Assert.True(StoreOf(Singapore).Ring!.Has(first.Newest) && StoreOf(Singapore).Ring!.Has(second.Newest)
            || !StoreOf(Singapore).HasFormerKeys);
        await reading.DisposeAsync();
        await moving;

        await AllUnderNewestAsync(Singapore);
        AssertNothingUnder(Singapore, first);
        AssertNothingUnder(Singapore, second);
        await AssertWholeAsync(Singapore);
        Assert.Equal(Contents.Bytes(100_000), await ReadAsync(Singapore, "between"));
        Assert.Null(StoreOf(Beijing).Ring);
        Assert.True(StoreOf(Beijing).HasForgottenKey);
    }

    [Fact]
    public async Task While_a_move_is_prepared_no_key_is_drawn_and_after_it_has_gone_back_encrypting_again_goes_on()
    {
        await PutAllAsync(Beijing);
        var former = KeyRingTests.OnlyKeyOf(StoreOf(Beijing));
        var order = _deployment.Orders.Sign(new MoveOrder(
            Id(7), _account, 1, TestDeployment.Beijing, TestDeployment.Singapore, 1, new byte[32]));
        await using (await OpenAsync(Beijing))
        {
            await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
            Assert.IsType<StepAnswer.Prepared>(await Beijing.PrepareAsync(order, Stop));
            var refused = await Assert.ThrowsAsync<RegionRefusedException>(
                () => Beijing.RotateKeyAsync(_account.Id, Id(2), Stop));
            Assert.Contains("under way", refused.Reason, StringComparison.Ordinal);
        }

        Assert.True(StoreOf(Beijing).HasFormerKeys);
        Assert.IsType<StepAnswer.Unsealed>(await Beijing.UnsealAsync(order, Stop));
        await AllUnderNewestAsync(Beijing);
        AssertNothingUnder(Beijing, former);
    }

    [Fact]
    public async Task An_account_with_as_many_keys_as_it_may_have_does_not_rotate_and_its_move_waits()
    {
        Task moving;
        var order = _deployment.Orders.Sign(new MoveOrder(
            Id(7), _account, 1, TestDeployment.Beijing, TestDeployment.Singapore, 1, new byte[32]));
        await using (await OpenAsync(Beijing))
        {
            for (var n = 1; n < KeyRing.KeysMax; n++)
            {
                await Beijing.RotateKeyAsync(_account.Id, Id(n), Stop);
            }

            await Assert.ThrowsAsync<RegionRefusedException>(() => Beijing.RotateKeyAsync(_account.Id, Id(20), Stop));
            var waits = await Assert.ThrowsAsync<RegionRefusedException>(() => Beijing.PrepareAsync(order, Stop));
            Assert.Contains("being encrypted again", waits.Reason, StringComparison.Ordinal);
            moving = MoveAsync(TestDeployment.Beijing, TestDeployment.Singapore, epoch: 1);
        }

        await moving;
        Assert.Equal(AccountState.Active, StoreOf(Singapore).Row!.State);
    }

    [Fact]
    public async Task What_is_damaged_stays_as_it_is_and_keeps_the_former_key()
    {
        await PutAllAsync(Beijing);
        var store = StoreOf(Beijing);
        var victim = RowsOf(Beijing).Find(row => row.LengthBytes == 300_000)!;
        var path = Path.Combine(store.Directory, "contents", victim.Id[..2], victim.Id);
        var bytes = await File.ReadAllBytesAsync(path, Stop);
        bytes[200_000] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Stop);

        await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
        await UntilAsync(store, () => store.Read(sql => RekeyRow.Find(sql, store.Account)) is { Damaged: 1 } row && row.Cursor >= row.Until);
        var renewal = await Beijing.DescribeKeysAsync(_account.Id, Stop);

        Assert.Equal((2, 1, 1), (renewal.Keys, renewal.ContentsLeft, renewal.Damaged));
        Assert.Null(renewal.EndedAt);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Stop));
        Assert.Equal(100_000, (await ReadAsync(Beijing, "k100000")).Length);

        bytes[200_000] ^= 1; // restored: the next time it is looked at it is good
        await File.WriteAllBytesAsync(path, bytes, Stop);
        await Beijing.RotateKeyAsync(_account.Id, Id(2), Stop);
        await AllUnderNewestAsync(Beijing);
        await AssertWholeAsync(Beijing);
    }

    // Goal: whatever is deleted and overwritten meanwhile, no file is left over, and nothing comes back.
    [Fact]
    public async Task Deletes_and_overwrites_meanwhile_leave_no_file_behind()
    {
        for (var i = 0; i < 40; i++)
        {
            await PutAsync(Beijing, $"file-{i}", 70_000);
            await PutAsync(Beijing, $"row-{i}", 1000);
        }

        await Beijing.RotateKeyAsync(_account.Id, Id(1), Stop);
        for (var i = 0; i < 40; i += 2)
        {
            await RunAsync(Beijing, new DeleteObject("photos", $"file-{i}", null, WriteConditions.None));
            await RunAsync(Beijing, new DeleteObject("photos", $"row-{i}", null, WriteConditions.None));
            await PutAsync(Beijing, $"file-{i + 1}", 80_000);
            await PutAsync(Beijing, $"row-{i + 1}", 2000);
        }

        var store = StoreOf(Beijing);
        await AllUnderNewestAsync(Beijing);
        await UntilAsync(store, () => store.Read(sql => sql.Scalar<long>("SELECT count(*) FROM discard")) == 0);

        var rows = RowsOf(Beijing);
        Assert.Equal(40, rows.Count);
        Assert.Equal(
            rows.Where(row => !row.IsInline).Select(row => row.Id).Order(),
            Contents.FilesOf(store).Select(Path.GetFileName).Order());
        Assert.Equal(Contents.Bytes(80_000), await ReadAsync(Beijing, "file-1"));
        Assert.Equal(Contents.Bytes(2000), await ReadAsync(Beijing, "row-39"));
        Assert.Empty((await Beijing.VerifyDeepAsync(_account.Id, Stop)).Troubles);
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private static PutObject Put(string key, StagedContent staged)
        => new(
            "photos", key, staged, new string('0', 32), new ObjectHeaders(), [], new Dictionary<string, string>(),
            WriteConditions.None);

    private AccountStore StoreOf(RegionNode node) => node.Region.Storage.Open(_account.Id);

    private async Task PutAllAsync(RegionNode node)
    {
        foreach (var size in new[] { 0, 1, 100, 32_768, 32_769, 65_536, 100_000, 300_000 })
        {
            await PutAsync(node, $"k{size}", size);
        }
    }

    private async Task AssertWholeAsync(RegionNode node)
    {
        foreach (var size in new[] { 0, 1, 100, 32_768, 32_769, 65_536, 100_000, 300_000 })
        {
            Assert.Equal(Contents.Bytes(size), await ReadAsync(node, $"k{size}"));
        }

        var deep = await node.VerifyDeepAsync(_account.Id, Stop);
        Assert.Empty(deep.Troubles);
        await using var copy = await OpenAsync(node);
        foreach (var key in await node.ListKeysAsync(_account.Id, Stop))
        {
            using var credential = await copy.FindCredentialAsync(key.AccessKey, Stop);
            Assert.Equal(TestDeployment.FirstSecret, credential!.Secret.ToText());
        }
    }

    private List<ContentRow> RowsOf(RegionNode node)
        => StoreOf(node).Read(sql => sql.List($"{ContentRow.Select} WHERE account = @p1", ContentRow.Read, _account.Id.Value));

    private void AssertNothingUnder(RegionNode node, KeyRing key)
    {
        var store = StoreOf(node);
        Assert.DoesNotContain(RowsOf(node), row => KeyRingTests.IsUnder(store, Stored(row), key));
        Assert.DoesNotContain(
            store.Read(sql => sql.List($"{CredentialRow.Select} WHERE account = @p1", CredentialRow.Read, _account.Id.Value)),
            row => key.TryOpenSmall(row.AccessKeyId, row.Secret, out _));
    }

    private async Task<bool> IsUnderAsync(RegionNode node, KeyRing key, string name)
    {
        await using var copy = await OpenAsync(node);
        var piece = (await copy.FindObjectAsync("photos", name, null, Stop))!.Pieces[0];
        return KeyRingTests.IsUnder(StoreOf(node), Stored(RowsOf(node).Find(row => row.Id == piece.ContentId)!), key);
    }

    private static StoredContent Stored(ContentRow row) => new(row.Id, row.LengthBytes, row.Inline);

    private Task AllUnderNewestAsync(RegionNode node)
    {
        var store = StoreOf(node);
        return UntilAsync(store, () => !store.HasFormerKeys);
    }

    private static async Task UntilAsync(AccountStore store, Func<bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(Patience);
        for (var ticket = store.CommitCount; !holds(); ticket = store.CommitCount)
        {
            await store.ChangedSince(ticket, limit.Token);
        }
    }

    private async Task<Move> MoveAsync(RegionName from, RegionName to, long epoch)
    {
        await using var desk = _deployment.OpenDesk();
        var answer = await desk.RequestAsync(TestDeployment.Request(_account, from, to, epoch), Stop);
        var id = Assert.IsType<MoveRequestResult.Accepted>(answer).Move.Id;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(Patience);
        for (var ticket = desk.ChangeCount; !desk.Find(id)!.IsOver; ticket = desk.ChangeCount)
        {
            await desk.ChangedSince(ticket, limit.Token);
        }

        Assert.Equal(MoveState.Done, desk.Find(id)!.State);
        return desk.Find(id)!;
    }

    private async Task RunAsync(RegionNode node, AccountCommand command)
    {
        var result = await node.ExecuteAsync(_account.Id, command, Stop);
        Assert.False(result is CommandResult.Refused, result.ToString());
    }

    private async Task PutAsync(RegionNode node, string key, int size)
    {
        await using var copy = await OpenAsync(node);
        await using var writer = copy.StageContent();
        await writer.WriteAsync(Contents.Bytes(size), Stop);
        var staged = await writer.CompleteAsync(Stop);
        Assert.IsType<CommandResult.ObjectWritten>(await node.Gateway.WriteAsync(copy, Put(key, staged), null, Stop));
        writer.Adopted();
    }

    private async Task<AccountCopy> OpenAsync(RegionNode node)
        => Assert.IsType<Route.Here>(await node.Gateway.RouteAsync(_account.Id, isWrite: false, Stop)).Copy;

    private async Task<byte[]> ReadAsync(RegionNode node, string key)
    {
        await using var copy = await OpenAsync(node);
        return await ReadAsync(copy, (await copy.FindObjectAsync("photos", key, null, Stop))!);
    }

    private static async Task<byte[]> ReadAsync(AccountCopy copy, ObjectVersion version)
    {
        using var stream = new MemoryStream();
        var writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await copy.ReadContentAsync(version.Pieces, 0, version.SizeBytes, writer, Stop);
        await writer.CompleteAsync();
        return stream.ToArray();
    }
}
