using Domicile.Accounts;
using Domicile.Control;
using Domicile.Moves;
using Domicile.Proofs;
using Domicile.Proofs.Statements;
using Domicile.Tests.Moves;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

public sealed class AccountTests
{
    [Fact]
    public async Task Each_account_of_a_batch_is_made_or_refused_by_itself_in_its_line()
    {
        await using var control = await StartAsync();
        NewAccount[] wanted =
        [
            new("IN", null, null, null), new("nowhere", null, null, null), new("CN", "Example", null, null),
            new("IN", null, "beijing", null), new("IN", null, "beijing", "as it lies"),
        ];
        var size = control.Desk.Ledger.Size;

        var lines = Done(await control.Desk.Accounts.AddManyAsync(new NewAccounts(wanted), "tester", Cancelled)).Accounts;

        Assert.Equal(["singapore", null, "beijing", null, "beijing"], lines.Select(line => line.Made?.Home));
        Assert.Contains("nowhere", lines[1].Error, StringComparison.Ordinal);
        Assert.Contains("forbids", lines[3].Error, StringComparison.Ordinal);
        Assert.Equal(size + 1, control.Desk.Ledger.Size);
        var made = lines.Where(line => line.Made is not null).Select(line => line.Made!.Account).ToList();
        Assert.Equal(made.Order(), control.Desk.Accounts.List().Accounts.Select(account => account.Account).Order());
        Assert.Equal(3, made.Distinct().Count());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_whose_question_or_answer_was_lost_is_asked_again_and_made(bool isAnswer)
    {
        await using var control = await StartAsync();
        Lose(control, isAnswer, times: 1);

        var batch = new NewAccounts([.. Enumerable.Repeat(new NewAccount("IN", null, null, null), 4)]);
        var lines = Done(await control.Desk.Accounts.AddManyAsync(batch, "tester", Cancelled)).Accounts;

        Assert.All(lines, line => Assert.NotNull(line.Made));
        foreach (var line in lines)
        {
            var keys = Done(await control.Desk.Keys.ListAsync(line.Made!.Account, Cancelled));
            Assert.Equal(line.Made.AccessKey, Assert.Single(keys.Keys).AccessKey);
        }
    }

    // Goal: what became of them nobody knows, so they are taken back, and those of another region stay.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_accounts_of_a_batch_whose_region_does_not_answer_are_taken_back_and_the_others_stay(bool isAnswer)
    {
        await using var control = await StartAsync();
        Lose(control, isAnswer, times: 2);

        NewAccount[] wanted = [.. Enumerable.Range(0, 8).Select(i => new NewAccount(i % 2 == 0 ? "IN" : "CN", null, null, null))];
        var lines = Done(await control.Desk.Accounts.AddManyAsync(new NewAccounts(wanted), "tester", Cancelled)).Accounts;
        Assert.Equal(0, await control.Desk.Tidying.TidyAsync(Cancelled));

        var made = lines.Where(line => line.Made is not null).Select(line => line.Made!).ToList();
        Assert.Equal(4, made.Count);
        Assert.Single(made.Select(one => one.Home).Distinct());
        Assert.All(lines.Where(line => line.Made is null), line => Assert.Contains("does not answer", line.Error, StringComparison.Ordinal));
        Assert.Equal(
            made.Select(one => one.Account).Order(),
            control.Desk.Accounts.List().Accounts.Select(account => account.Account).Order());
    }

    private static void Lose(TestControl control, bool isAnswer, int times)
    {
        // All of one region: the first that is asked.
        RegionName? first = null;
        var left = times;
        control.Faults.Reached = (region, call, isBack) =>
        {
            if (call == "create" && isBack == isAnswer && (first ??= region) == region && Interlocked.Decrement(ref left) >= 0)
            {
                throw new RegionUnreachableException(region, isAnswer ? "the answer was lost" : "the question was lost");
            }
        };
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task A_batch_of_as_many_accounts_is_refused(int count)
    {
        await using var control = await StartAsync();

        var batch = new NewAccounts([.. Enumerable.Repeat(new NewAccount("IN", null, null, null), count)]);
        Refused(await control.Desk.Accounts.AddManyAsync(batch, "tester", Cancelled), RefusalKind.Malformed);
    }

    [Fact]
    public async Task A_batch_with_a_null_in_it_is_refused()
    {
        await using var control = await StartAsync();

        var batch = new NewAccounts([new NewAccount("IN", null, null, null), null!]);
        Refused(await control.Desk.Accounts.AddManyAsync(batch, "tester", Cancelled), RefusalKind.Malformed);
        Assert.Empty(control.Desk.Accounts.List().Accounts);
    }

    [Fact]
    public async Task What_is_unfinished_is_found_by_an_index()
    {
        await using var control = await StartAsync();

        var plan = control.Desk.Database.Read(sql => sql.List(
            $"EXPLAIN QUERY PLAN SELECT * FROM directory WHERE {AccountTable.IsUnfinished} ORDER BY account", row => row.GetString(3)));

        Assert.Contains("directory_unfinished", Assert.Single(plan), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_places_a_new_account()
    {
        await using var control = await StartAsync();

        var chinese = await control.AddAsync("CN");
        var indian = await control.AddAsync("IN");

        Assert.Equal("beijing", chinese.Home);
        Assert.Equal("singapore", indian.Home);
        Assert.Equal("http://127.0.0.1:19102", indian.Endpoint);
        Assert.Equal(40, indian.SecretKey.Length);
        Assert.True(AccessKey.TryGetAccount(indian.AccessKey, out var account));
        Assert.Equal(indian.Account, account.Value);
        Assert.NotNull(await control.Region(TestDeployment.Singapore).FindAccountAsync(account, Cancelled));
    }

    [Theory]
    [InlineData("", null, null, nameof(RefusalKind.Malformed))]
    [InlineData("xx", null, null, nameof(RefusalKind.Malformed))]
    [InlineData("XX", null, null, nameof(RefusalKind.Malformed))]
    [InlineData("IN", "atlantis", null, nameof(RefusalKind.NotFound))]
    [InlineData("IN", "../beijing", null, nameof(RefusalKind.NotFound))]
    [InlineData("IN", "beijing", null, nameof(RefusalKind.Forbidden))]
    [InlineData("IN", null, "no region is said", nameof(RefusalKind.Malformed))]
    [InlineData("IN", "beijing", "", nameof(RefusalKind.Malformed))]
    [InlineData("AQ", null, null, nameof(RefusalKind.Forbidden))]
    public async Task An_account_that_cannot_be_is_refused_and_leaves_nothing(
        string residence, string? region, string? misplaced, string kind)
    {
        await using var control = await StartAsync();

        var answer = await control.Desk.Accounts.AddAsync(new NewAccount(residence, null, region, misplaced), "tester", Cancelled);

        Refused(answer, Enum.Parse<RefusalKind>(kind));
        Assert.Empty(control.Desk.Accounts.List().Accounts);
        Assert.Equal(1, control.Desk.Ledger.Size);
    }

    [Fact]
    public async Task A_misplaced_account_is_in_the_ledger_and_the_plan()
    {
        await using var control = await StartAsync();

        var added = await control.AddAsync("IN", "beijing");

        var entry = Done(await control.Desk.Ledger.ShowAsync(1, Cancelled));
        Assert.Equal("placement-override", entry.Kind);
        Assert.True(DsseEnvelope.TryParse(Convert.FromBase64String(entry.LeafBase64), out var envelope, out _));
        Assert.True(envelope.IsSignedBy(control.LedgerKey));
        Assert.True(envelope.TryReadStatement(out var statement, out _));
        Assert.Equal("as it lies", Assert.IsType<PlacementOverride>(statement.Predicate).Reason);
        Assert.DoesNotContain(added.Account, System.Text.Encoding.UTF8.GetString(envelope.Payload), StringComparison.Ordinal);
        var plan = Done(await control.Desk.Plans.PlanAsync(new PlanRequest(null, null), Cancelled));
        Assert.Equal("singapore", Assert.Single(plan.Moves).To);
    }

    // Goal: an answer that is lost on its way leaves one new key, not two, and showing the account tells nothing wrong.
    [Fact]
    public async Task A_rotation_whose_answer_is_lost_draws_one_key()
    {
        await using var control = await StartAsync();
        var added = Done(await control.Desk.Accounts.AddAsync(new NewAccount("IN", null, null, null), "tester", Cancelled));
        control.Faults.LoseAnswer("rotate");

        var renewal = Done(await control.Desk.Keys.RotateAsync(added.Account, Cancelled));

        Assert.InRange(renewal.Keys, 1, 2);
        Assert.NotNull(renewal.NewKeyAt);
        Assert.Equal(added.Home, Done(await control.Desk.Keys.ShowAsync(added.Account, Cancelled)).Home);
        Refused(await control.Desk.Keys.RotateAsync("annaannaannaanna", Cancelled), RefusalKind.NotFound);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_account_whose_making_broke_is_gone_from_its_region(bool isAnswerLost)
    {
        await using var control = await StartAsync();
        Lose(control, isAnswerLost, times: 2);

        var answer = await control.Desk.Accounts.AddAsync(new NewAccount("IN", null, null, null), "tester", Cancelled);
        Refused(answer, RefusalKind.Unavailable);
        var id = AccountId.Parse(Assert.Single(control.Desk.Accounts.List().Accounts).Account);
        await control.RestartAsync();

        Assert.Equal(0, await control.Desk.Tidying.TidyAsync(Cancelled));

        Assert.Empty(control.Desk.Accounts.List().Accounts);
        Assert.False((await control.Region(TestDeployment.Singapore).FindAccountAsync(id, Cancelled))?.HasData ?? false);
        Assert.Null(control.Desk.Directory.FindEntry(id)!.Home);
    }

    [Fact]
    public async Task Tidying_waits_for_a_silent_region_and_leaves_finished_accounts_alone()
    {
        await using var control = await StartAsync();
        var finished = await control.AddAsync("IN");
        Lose(control, isAnswer: true, times: 2);
        await control.Desk.Accounts.AddAsync(new NewAccount("IN", null, null, null), "tester", Cancelled);
        control.Faults.Silence(TestDeployment.Singapore);

        Assert.Equal(1, await control.Desk.Tidying.TidyAsync(Cancelled));
        control.Faults.Wake(TestDeployment.Singapore);
        Assert.Equal(0, await control.Desk.Tidying.TidyAsync(Cancelled));

        Assert.Equal(finished.Account, Assert.Single(control.Desk.Accounts.List().Accounts).Account);
        Assert.Empty(Done(await control.Desk.VerifyAsync(finished.Account, Cancelled)).Result.Troubles);
    }

    [Fact]
    public async Task An_erased_account_is_nowhere_but_in_a_commitment()
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN");
        var id = AccountId.Parse(added.Account);
        var salt = control.Desk.Directory.Find(id)!.Salt;

        var erased = Done(await control.Desk.Erasures.EraseAsync(added.Account, Cancelled));

        Refused(await control.Desk.Erasures.EraseAsync(added.Account, Cancelled), RefusalKind.NotFound);
        Refused(control.Desk.Accounts.Show(added.Account), RefusalKind.NotFound);
        Assert.False((await control.Region(TestDeployment.Singapore).FindAccountAsync(id, Cancelled))?.HasData ?? false);
        Assert.Equal("erasure", Done(await control.Desk.Ledger.ShowAsync(erased.LedgerIndex, Cancelled)).Kind);
        var entry = control.Desk.Directory.FindEntry(id)!;
        Assert.Null(entry.Home);
        Assert.Equal(2, entry.Epoch);
        await control.Desk.DisposeAsync();
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(control.DatabasePath)!, "control.db*"))
        {
            Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Cancelled)).AsSpan().IndexOf(salt));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_erasure_once_begun_is_finished_after_a_crash(bool isAnswerLost)
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN");
        if (isAnswerLost)
        {
            control.Faults.LoseAnswer("eraseAccount");
        }
        else
        {
            control.Faults.LoseQuestion("eraseAccount");
        }

        Refused(await control.Desk.Erasures.EraseAsync(added.Account, Cancelled), RefusalKind.Unavailable);
        Refused(
            await control.Desk.Moves.MoveAsync(new NewMove(added.Account, "singapore", null), Cancelled), RefusalKind.Conflict);
        await control.RestartAsync();
        Assert.Equal(0, await control.Desk.Tidying.TidyAsync(Cancelled));

        Refused(control.Desk.Accounts.Show(added.Account), RefusalKind.NotFound);
        Assert.Equal(2, control.Desk.Ledger.Size);
    }

    [Fact]
    public async Task Keys_are_made_listed_and_revoked_at_the_home_alone()
    {
        await using var control = await StartAsync();
        var added = await control.AddAsync("IN");

        var key = Done(await control.Desk.Keys.AddAsync(added.Account, new NewKey("phone"), Cancelled));
        Assert.Equal(2, Done(await control.Desk.Keys.ListAsync(added.Account, Cancelled)).Keys.Count);
        Done(await control.Desk.Keys.RevokeAsync(key.AccessKey, Cancelled));

        Assert.Equal(added.AccessKey, Assert.Single(Done(await control.Desk.Keys.ListAsync(added.Account, Cancelled)).Keys).AccessKey);
        Refused(await control.Desk.Keys.RevokeAsync(key.AccessKey, Cancelled), RefusalKind.NotFound);
        Refused(await control.Desk.Keys.RevokeAsync("AKIAIOSFODNN7EXAMPLE", Cancelled), RefusalKind.Malformed);
        Refused(await control.Desk.Keys.AddAsync(added.Account, new NewKey(""), Cancelled), RefusalKind.Malformed);
        Refused(await control.Desk.Keys.AddAsync(added.Account, new NewKey("a\nb"), Cancelled), RefusalKind.Malformed);
        var secret = System.Text.Encoding.UTF8.GetBytes(key.SecretKey);
        await control.Desk.DisposeAsync();
        Assert.Equal(-1, (await File.ReadAllBytesAsync(control.DatabasePath, Cancelled)).AsSpan().IndexOf(secret));
    }
}
