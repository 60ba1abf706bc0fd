using Domicile.Accounts;
using Domicile.Control;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Domicile.Tests.Moves;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

public sealed class MoveRequestTests
{
    private const string Anywhere =
        """
        version: 1
        rules:
          - name: Anywhere
            when: { residence: "*" }
            allow: { countries: [CN, SG] }
        """;

    [Fact]
    public async Task A_move_ends_with_a_receipt_that_verifies_offline()
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN", "beijing");

        var move = await control.MoveAsync(added.Account, TestDeployment.Singapore);

        Assert.Equal(MoveState.Done, move.State);
        var shown = Done(control.Desk.Accounts.Show(added.Account));
        Assert.Equal(("singapore", 2L, null), (shown.Home, shown.Epoch, shown.Misplaced));
        var receipt = Done(await control.Desk.ReceiptAsync(move.Id, Cancelled));
        var proven = Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(receipt, control.LedgerKey));
        Assert.Equal(added.Account, proven.Receipt.Opening!.Account);
        Assert.True(Done(await control.Desk.Policies.WhereAsync(added.Account, Cancelled)).Placed);
    }

    [Fact]
    public async Task Older_moves_than_a_list_shows_are_counted_and_listed_after_it()
    {
        await using var control = await StartAsync();
        var ids = new List<Guid>();
        var account = (await control.AddAsync("IN", "beijing")).Account;
        foreach (var to in (RegionName[])[TestDeployment.Singapore, TestDeployment.Beijing, TestDeployment.Singapore])
        {
            Done(await control.Desk.Policies.PutAsync(new PolicyText(Anywhere), "tester", Cancelled));
            ids.Add((await control.MoveAsync(account, to)).Id);
        }

        var before = Done(control.Desk.Moves.ListBefore(ids[2]));

        Assert.Equal([ids[1], ids[0]], before.Moves.Select(move => move.Move));
        Assert.Equal(0, before.Older);
        Assert.Equal(2, control.Desk.Database.Read(sql => MoveRecords.CountBefore(sql, ids[2])));
        Assert.Empty(Done(control.Desk.Moves.ListBefore(ids[0])).Moves);
        Refused(control.Desk.Moves.ListBefore(Guid.Empty), RefusalKind.NotFound);
    }

    // Goal: the receipt says until when the source's keys opened something, also where the target doesn't answer any more.
    [Fact]
    public async Task A_receipt_says_when_all_was_encrypted_again_and_goes_on_saying_it()
    {
        await using var control = await StartAsync();
        var account = (await control.AddAsync("IN", "beijing")).Account;
        var move = await control.MoveAsync(account, TestDeployment.Singapore);
        await EncryptedAgainAsync(control, AccountId.Parse(account));

        var ended = await WordAsync(control, move.Id);
        control.Faults.Silence(TestDeployment.Singapore);
        var silent = await WordAsync(control, move.Id);

        Assert.NotNull(ended!.EndedAt);
        Assert.Equal((0, 0, 2), (ended.ContentsLeft, ended.Damaged, ended.Epoch));
        Assert.Equal(ended, silent);
    }

    // Goal: what a target says doesn't spoil a receipt. Method: it says nothing, nonsense, or its word on another move.
    [Fact]
    public async Task A_word_that_is_not_of_the_move_is_left_out_of_its_receipt()
    {
        await using var control = await StartAsync();
        var other = (await control.AddAsync("IN", "beijing")).Account;
        var otherMove = await control.MoveAsync(other, TestDeployment.Singapore);
        await EncryptedAgainAsync(control, AccountId.Parse(other));
        var ofOther = await control.Region(TestDeployment.Singapore).StateReencryptionAsync(
            AccountId.Parse(other), otherMove.Id, otherMove.Salt, Cancelled);
        var account = (await control.AddAsync("IN", "beijing")).Account;
        control.Faults.LoseAnswer("state");
        var move = await control.MoveAsync(account, TestDeployment.Singapore);
        var told = await control.Region(TestDeployment.Singapore).StateReencryptionAsync(
            AccountId.Parse(account), move.Id, move.Salt, Cancelled);
        var longAgo = Signed(told, word => word with { EndedAt = DateTimeOffset.UnixEpoch, ContentsLeft = 0, BytesLeft = 0 });
        var ofOtherEpoch = Signed(told, word => word with { Epoch = 7 });
        byte[][] lies = [[], "{}"u8.ToArray(), ofOther, move.Arrival!, longAgo, ofOtherEpoch];

        foreach (var lie in lies)
        {
            control.Faults.ChangeWord = _ => lie;
            Assert.Null(await WordAsync(control, move.Id));
        }

        control.Faults.ChangeWord = word => word;
        Assert.NotNull(await WordAsync(control, move.Id));

        // As the target itself would sign it.
        byte[] Signed(byte[] envelope, Func<Reencryption, Reencryption> change)
        {
            Assert.True(DsseEnvelope.TryParse(envelope, out var parsed, out var problem), problem);
            Assert.True(parsed.TryReadStatement(out var said, out problem), problem);
            var lie = said with { Predicate = change((Reencryption)said.Predicate) };
            var target = (RegionNode)control.Region(TestDeployment.Singapore);
            return DsseEnvelope.Sign(lie, target.Region.Signer).ToBytes();
        }
    }

    [Fact]
    public async Task A_receipt_enters_the_ledger_once()
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN", "beijing");
        var move = await control.MoveAsync(added.Account, TestDeployment.Singapore);
        var size = control.Desk.Ledger.Size;

        var again = await control.Desk.MoveControl.AppendReceiptAsync(move, Cancelled);

        Assert.Equal(ReceiptOutcome.At(move.LedgerIndex!.Value), again);
        Assert.Equal(size, control.Desk.Ledger.Size);
    }

    [Fact]
    public async Task Statements_of_another_move_make_no_receipt()
    {
        await using var control = await StartAsync();
        var one = await control.MoveAsync((await control.AddAsync("IN", "beijing")).Account, TestDeployment.Singapore);
        var other = await control.MoveAsync((await control.AddAsync("IN", "beijing")).Account, TestDeployment.Singapore);
        var size = control.Desk.Ledger.Size;
        var forged = one with { Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch), Arrival = other.Arrival };

        Assert.False((await control.Desk.MoveControl.AppendReceiptAsync(forged, Cancelled)).Is(out _, out _));
        Assert.Equal(size, control.Desk.Ledger.Size);
    }

    [Fact]
    public async Task A_home_of_an_older_epoch_is_not_taken()
    {
        await using var control = await StartAsync();
        var id = AccountId.Parse((await control.AddAsync("IN", "beijing")).Account);
        var desk = control.Desk;

        await desk.MoveControl.SetHomeAsync(id, TestDeployment.Singapore, 3, Cancelled);
        var version = desk.Directory.LastVersion;
        await desk.MoveControl.SetHomeAsync(id, TestDeployment.Beijing, 2, Cancelled);
        await desk.MoveControl.SetHomeAsync(id, TestDeployment.Beijing, 3, Cancelled);

        var entry = desk.FindAccount(id)!;
        Assert.Equal((TestDeployment.Singapore, 3L), (entry.Home, entry.Epoch));
        Assert.Equal(version, entry.Version);
        Assert.Empty(desk.DirectorySince(version, 1).Entries);
    }

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaa", "singapore", null, nameof(RefusalKind.NotFound))]
    [InlineData("not an id", "singapore", null, nameof(RefusalKind.Malformed))]
    [InlineData(null, "atlantis", null, nameof(RefusalKind.NotFound))]
    [InlineData(null, "beijing", null, nameof(RefusalKind.Conflict))]
    [InlineData(null, "singapore", -1.0, nameof(RefusalKind.Malformed))]
    [InlineData(null, "singapore", double.MaxValue, nameof(RefusalKind.Malformed))]
    public async Task A_move_that_cannot_be_is_refused_and_changes_nothing(
        string? account, string to, double? eraseAfter, string kind)
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN", "beijing");

        var answer = await control.Desk.Moves.MoveAsync(new NewMove(account ?? added.Account, to, eraseAfter), Cancelled);

        Refused(answer, Enum.Parse<RefusalKind>(kind));
        Assert.Empty(control.Desk.Moves.List().Moves);
    }

    [Fact]
    public async Task Policy_forbids_a_move_into_China()
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN");

        var refusal = Refused(
            await control.Desk.Moves.MoveAsync(new NewMove(added.Account, "beijing", null), Cancelled), RefusalKind.Forbidden);

        Assert.Contains("beijing", refusal.Error, StringComparison.Ordinal);
        Assert.Empty(control.Desk.Moves.List().Moves);
    }

    [Theory]
    [InlineData("beijing")]
    [InlineData("singapore")]
    public async Task A_silent_region_refuses_a_move(string silent)
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN", "beijing");
        control.Faults.Silence(RegionName.Parse(silent));

        var answer = await control.Desk.Moves.MoveAsync(new NewMove(added.Account, "singapore", null), Cancelled);

        Refused(answer, RefusalKind.Unavailable);
        Assert.Empty(control.Desk.Moves.List().Moves);
    }

    [Fact]
    public async Task Moves_end_well_over_links_that_lose_a_tenth_of_all_words()
    {
        await using var control = await StartAsync();
        var added = new List<NewAccountView>();
        for (var i = 0; i < 3; i++)
        {
            added.Add(await control.AddAsync("IN", "beijing"));
        }

        await control.PushAsync();
        control.Faults.Seed = new Random(20141022);
        var applied = await ApplyUntilAllAsync(control, added.Count);
        control.Faults.LossShare = 0.1;
        foreach (var move in applied)
        {
            Assert.Equal(MoveState.Done, (await control.EndAsync(move)).State);
        }

        Assert.All(control.Desk.Accounts.List().Accounts, account => Assert.Equal(("singapore", 2L), (account.Home, account.Epoch)));
    }

    private static async Task<IReadOnlyList<Guid>> ApplyUntilAllAsync(TestControl control, int count)
    {
        var applied = Done(await control.Desk.Plans.ApplyAsync(new PlanRequest(null, 2), "tester", Cancelled));
        Assert.Equal(count, applied.Moves.Count);
        Assert.Empty(applied.Skipped);
        return applied.Moves;
    }

    /// <summary>What the receipt, which is proven, says of encrypting again.</summary>
    private static async Task<Reencryption?> WordAsync(TestControl control, Guid move)
    {
        var receipt = Done(await control.Desk.ReceiptAsync(move, Cancelled));
        return Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(receipt, control.LedgerKey))
            .Statements.Reencryption;
    }

    private static async Task EncryptedAgainAsync(TestControl control, AccountId account)
    {
        var store = ((RegionNode)control.Region(TestDeployment.Singapore)).Region.Storage.Open(account);
        for (var ticket = store.CommitCount; store.HasFormerKeys; ticket = store.CommitCount)
        {
            await store.ChangedSince(ticket, Cancelled);
        }
    }
}
