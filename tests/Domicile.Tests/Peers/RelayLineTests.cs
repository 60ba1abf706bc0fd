using Domicile.Server.Peers;
using Xunit;

namespace Domicile.Tests.Peers;

public sealed class RelayLineTests : IDisposable
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private readonly ManualTime _time = new();
    private readonly RelayLine _line;

    public RelayLineTests() => _line = new RelayLine(_time);

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task Who_finds_all_places_taken_gets_the_one_that_is_left_first()
    {
        var turns = await FillAsync();
        var waiting = _line.EnterAsync(isStranger: false, Stop).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal((PeerLimits.RelaysAtOnce, 1), (_line.Running, _line.Waiting));

        turns[5].Dispose();
        turns[5].Dispose(); // Once is what counts.
        Assert.NotNull(await waiting);
        Assert.Equal((PeerLimits.RelaysAtOnce, 0), (_line.Running, _line.Waiting));
    }

    [Fact]
    public async Task Who_waits_too_long_is_refused()
    {
        await FillAsync();
        var waiting = _line.EnterAsync(isStranger: false, Stop).AsTask();
        _time.Advance(PeerLimits.RelayWaitMax);
        Assert.Null(await waiting);
        Assert.Equal((0, 1), (_line.Waiting, (int)_line.Refused));
    }

    [Fact]
    public async Task Who_finds_the_line_full_is_refused_at_once_and_who_leaves_it_makes_room()
    {
        await FillAsync();
        using var gone = new CancellationTokenSource();
        var first = _line.EnterAsync(isStranger: false, gone.Token).AsTask();
        var others = Enumerable.Range(1, PeerLimits.RelaysWaitingMax - 1).Select(_ => _line.EnterAsync(isStranger: false, Stop).AsTask()).ToList();
        Assert.Null(await _line.EnterAsync(isStranger: false, Stop));

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var next = _line.EnterAsync(isStranger: false, Stop).AsTask();
        Assert.False(next.IsCompleted);
        _time.Advance(PeerLimits.RelayWaitMax);
        Assert.All(await Task.WhenAll([.. others, next]), Assert.Null);
    }

    [Fact]
    public async Task While_the_link_is_broken_nobody_waits_and_no_place_is_taken()
    {
        for (var i = 0; i < PeerLimits.RelayFailuresMax; i++)
        {
            using var turn = Assert.IsType<RelayTurn>(await _line.EnterAsync(isStranger: false, Stop));
            turn.Failed();
        }

        Assert.Null(await _line.EnterAsync(isStranger: false, Stop));
        Assert.Equal(0, _line.Running);

        _time.Advance(PeerLimits.BrokenFirst);
        using var probe = Assert.IsType<RelayTurn>(await _line.EnterAsync(isStranger: false, Stop));
        Assert.Null(await _line.EnterAsync(isStranger: false, Stop));
        probe.Succeeded();
        Assert.IsType<RelayTurn>(await _line.EnterAsync(isStranger: false, Stop));
    }

    // Goal: requests of strangers, which may hold their places as long as they like, keep no served client from the link.
    [Fact]
    public async Task Strangers_have_a_part_of_the_places()
    {
        var strangers = new List<RelayTurn>();
        while (strangers.Count < PeerLimits.RelaysOfStrangersAtOnce)
        {
            strangers.Add(Assert.IsType<RelayTurn>(await _line.EnterAsync(isStranger: true, Stop)));
        }

        var waiting = _line.EnterAsync(isStranger: true, Stop).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.IsType<RelayTurn>(await _line.EnterAsync(isStranger: false, Stop));

        strangers[0].Dispose();
        Assert.IsType<RelayTurn>(await waiting);
        Assert.Equal(PeerLimits.RelaysOfStrangersAtOnce + 1, _line.Running);
    }

    [Fact]
    public async Task A_stranger_who_waits_too_long_gives_back_what_he_had()
    {
        await FillAsync();
        var waiting = _line.EnterAsync(isStranger: true, Stop).AsTask();
        _time.Advance(PeerLimits.RelayWaitMax);
        Assert.Null(await waiting);
        Assert.Equal(PeerLimits.RelaysAtOnce, _line.Running);
    }

    private async Task<List<RelayTurn>> FillAsync()
    {
        var turns = new List<RelayTurn>();
        for (var i = 0; i < PeerLimits.RelaysAtOnce; i++)
        {
            turns.Add(Assert.IsType<RelayTurn>(await _line.EnterAsync(isStranger: false, Stop)));
        }

        return turns;
    }
}
