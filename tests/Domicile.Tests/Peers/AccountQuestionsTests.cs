using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Server.Peers;
using Domicile.Tests.Moves;
using Xunit;

namespace Domicile.Tests.Peers;

/// <summary>A region asks control about accounts that it doesn't know. Anybody can name such accounts.</summary>
public sealed class AccountQuestionsTests : IDisposable
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly ManualTime _time = new();
    private readonly AccountQuestions _questions;
    private readonly ConcurrentQueue<AccountId> _asked = [];
    private readonly ConcurrentQueue<TaskCompletionSource<DirectoryEntry?>> _open = new();
    private Func<Task<DirectoryEntry?>> _control = () => Task.FromResult<DirectoryEntry?>(null);

    public AccountQuestionsTests()
        => _questions = new AccountQuestions(
            (account, _) =>
            {
                _asked.Enqueue(account);
                return _control();
            },
            _time);

    public void Dispose() => _questions.Dispose();

    [Fact]
    public async Task That_control_knows_no_such_account_is_remembered_for_a_moment()
    {
        var account = Account(1);
        Assert.Null(await _questions.AskAsync(account, Stop));
        _time.Advance(PeerLimits.UnknownAccountLasts - TimeSpan.FromMilliseconds(1));
        Assert.Null(await _questions.AskAsync(account, Stop));
        Assert.Single(_asked);

        _time.Advance(2 * PeerLimits.UnknownAccountLasts);
        Assert.Null(await _questions.AskAsync(account, Stop));
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task An_account_that_control_knows_is_asked_for_anew_each_time()
    {
        _control = () => Task.FromResult<DirectoryEntry?>(EntryOf(Account(1)));
        Assert.Equal(EntryOf(Account(1)), await _questions.AskAsync(Account(1), Stop));
        Assert.Equal(EntryOf(Account(1)), await _questions.AskAsync(Account(1), Stop));
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Requests_of_one_account_share_a_question_which_outlives_the_first_of_them()
    {
        _control = Wait;
        using var gone = new CancellationTokenSource();
        var first = _questions.AskAsync(Account(1), gone.Token);
        var second = _questions.AskAsync(Account(1), Stop);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        Assert.True(_open.TryDequeue(out var open));
        open.SetResult(EntryOf(Account(1)));
        Assert.Equal(EntryOf(Account(1)), await second);
        Assert.Single(_asked);
    }

    [Fact]
    public async Task Few_questions_are_open_at_once_some_wait_and_the_others_go_by_what_the_region_knows()
    {
        _control = Wait;
        var asked = Enumerable.Range(0, 2000).Select(i => _questions.AskAsync(Account(i), Stop)).ToList();

        Assert.Equal(PeerLimits.AccountQuestionsAtOnce, _asked.Count);
        Assert.Equal(
            PeerLimits.AccountQuestionsAtOnce + PeerLimits.AccountQuestionsWaitingMax, asked.Count(one => !one.IsCompleted));
        _control = () => Task.FromResult<DirectoryEntry?>(null);
        while (_open.TryDequeue(out var open))
        {
            open.SetResult(null);
        }

        Assert.All(await Task.WhenAll(asked), Assert.Null);
        Assert.Equal(PeerLimits.AccountQuestionsAtOnce + PeerLimits.AccountQuestionsWaitingMax, _asked.Count);
    }

    // Goal: while control is down, nobody's request waits for it but now and then one.
    [Fact]
    public async Task A_control_that_does_not_answer_is_asked_now_and_then()
    {
        _control = () => throw new HttpRequestException("refused");
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(await _questions.AskAsync(Account(i), Stop));
        }

        Assert.Equal(PeerLimits.RelayFailuresMax, _asked.Count);

        _time.Advance(PeerLimits.BrokenFirst);
        _control = () => Task.FromResult<DirectoryEntry?>(EntryOf(Account(7)));
        Assert.NotNull(await _questions.AskAsync(Account(7), Stop));
        Assert.NotNull(await _questions.AskAsync(Account(8), Stop));
    }

    // Goal: an account that has just been created is served at every node, also where it was asked for a moment too early.
    [Fact]
    public async Task An_account_that_nobody_knew_is_found_as_soon_as_control_has_pushed_it()
    {
        await using var deployment = await TestDeployment.StartAsync();
        var region = deployment.Node(TestDeployment.Beijing).Region;
        var gateway = new AccountGateway(region with { Links = new Links(_questions) });
        Assert.IsType<Route.Unknown>(await gateway.RouteAsync(Account(1), isWrite: false, Stop));
        Assert.IsType<Route.Unknown>(await gateway.RouteAsync(Account(1), isWrite: false, Stop));
        Assert.Single(_asked);

        region.Directory.Take(new DirectoryUpdate([EntryOf(Account(1))], 1, null));
        Assert.Equal(
            TestDeployment.Singapore,
            Assert.IsType<Route.Forward>(await gateway.RouteAsync(Account(1), isWrite: false, Stop)).Home);
    }

    private Task<DirectoryEntry?> Wait()
    {
        var open = new TaskCompletionSource<DirectoryEntry?>();
        _open.Enqueue(open);
        return open.Task;
    }

    private static AccountId Account(int number)
        => AccountId.FromRandom([0, 0, 0, 0, 0, 0, 0, 0, (byte)(number >> 8), (byte)number]);

    private static DirectoryEntry EntryOf(AccountId account)
        => new(new AccountProfile(account, Country.Parse("IN"), null), TestDeployment.Singapore, 1, 1);

    private sealed class Links(AccountQuestions questions) : IRegionLinks
    {
        public IRegionLink To(RegionName region) => throw new KeyNotFoundException(region.Value);

        public Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
            => questions.AskAsync(account, cancellationToken);
    }
}
