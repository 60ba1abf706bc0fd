using System.Net;
using System.Text;
using Domicile.Cli;
using Domicile.Cli.Verbs;
using Domicile.Control;
using Xunit;

namespace Domicile.Tests.Cli;

/// <summary>What verbs make of control's answers, good and bad.</summary>
public sealed class ControlClientTests
{
    private static readonly Guid Move = Guid.Parse("0197a1b2-0000-7000-8000-000000000001");

    [Fact]
    public async Task A_refusal_is_told_in_controls_own_words_with_the_next_step()
    {
        using var control = Client(HttpStatusCode.Conflict, """{"error":"the account is moving","next":"wait for the move"}""");

        var failure = await Assert.ThrowsAsync<VerbFailedException>(
            () => control.GetAsync("doctor", ApiJson.Default.DoctorView, TestContext.Current.CancellationToken));

        Assert.Equal("the account is moving: wait for the move", failure.OneLine);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "", "token")]
    [InlineData(HttpStatusCode.BadGateway, "<html>Bad\nGateway</html>", "502")]
    [InlineData(HttpStatusCode.OK, "<html>a captive portal</html>", "something else than expected")]
    [InlineData(HttpStatusCode.OK, "null", "something else than expected")]
    [InlineData(HttpStatusCode.OK, """{"findings":[],"unknown":1}""", "something else than expected")]
    [InlineData(HttpStatusCode.BadRequest, """{"error":"bad\u001b[2J\nthing"}""", "bad [2J thing")]
    public async Task Any_other_answer_is_one_line_that_says_what_came(HttpStatusCode status, string body, string expected)
    {
        using var control = Client(status, body);

        var failure = await Assert.ThrowsAsync<VerbFailedException>(
            () => control.GetAsync("doctor", ApiJson.Default.DoctorView, TestContext.Current.CancellationToken));

        Assert.Contains(expected, failure.OneLine);
        Assert.DoesNotContain('\n', failure.OneLine);
        Assert.DoesNotContain('\u001b', failure.OneLine);
    }

    [Fact]
    public async Task The_token_goes_with_every_request_and_paths_are_below_the_version()
    {
        var answer = new Answer(HttpStatusCode.OK, """{"findings":[]}""");
        using var control = new ControlClient(new Uri("http://control:9000"), "secret", answer, "");

        await control.GetAsync("doctor", ApiJson.Default.DoctorView, TestContext.Current.CancellationToken);

        Assert.Equal("http://control:9000/api/v1/doctor", Assert.Single(answer.Requests).Url);
        Assert.Equal("Bearer secret", answer.Requests[0].Authorization);
    }

    [Fact]
    public async Task A_move_that_ended_before_the_watch_connected_is_seen_all_the_same()
    {
        // The watch tells nothing; the question finds it done.
        var answer = new Answer(HttpStatusCode.OK, DoneMove()) { WatchBody = "" };
        using var control = new ControlClient(new Uri("http://control:9000"), "t", answer, "");

        var seen = new List<MoveView>();
        await foreach (var move in MoveWatch.FollowAsync(
            control, TimeProvider.System, [Move], TestContext.Current.CancellationToken))
        {
            seen.Add(move);
        }

        Assert.Equal("done", seen[^1].State);
    }

    [Fact]
    public async Task A_watch_is_read_line_by_line()
    {
        var answer = new Answer(HttpStatusCode.OK, "") { WatchBody = $"{DoneMove()}\n\n{DoneMove()}\n" };
        using var control = new ControlClient(new Uri("http://control:9000"), "t", answer, "");

        var lines = 0;
        await foreach (var move in control.StreamAsync(
            "moves/watch", ApiJson.Default.MoveView, TestContext.Current.CancellationToken))
        {
            Assert.Equal(Move, move.Move);
            lines++;
        }

        Assert.Equal(2, lines);
    }

    [Fact]
    public void A_move_that_could_not_be_begun_is_no_success()
    {
        var done = System.Text.Json.JsonSerializer.Deserialize(DoneMove(), ApiJson.Default.MoveView)!;
        var skipped = new SkippedMove("abcdefghijklmnop", "singapore", "Region singapore does not answer");

        Assert.Null(ApplyVerb.Shortfall([], []));
        Assert.Null(ApplyVerb.Shortfall([done], []));
        Assert.Equal("1 of 1 moves did not happen", ApplyVerb.Shortfall([], [skipped]));
        Assert.Equal("2 of 3 moves did not happen", ApplyVerb.Shortfall([done, done with { State = "aborted" }], [skipped]));
    }

    private static string DoneMove()
        => $$"""
            {"move":"{{Move}}","account":"abcdefghijklmnop","from":"beijing","to":"singapore","state":"done","epoch":1,
            "objects":3,"bytes":10,"cursor":5,"sourceSeq":5,"pauseMs":12.5,"requestedAt":"2030-01-01T00:00:00+00:00"}
            """.ReplaceLineEndings("");

    private static ControlClient Client(HttpStatusCode status, string body)
        => new(new Uri("http://control:9000"), "t", new Answer(status, body), "see `domicile status`");

    /// <summary>Control's edge: one answer to everything, another one to a watch.</summary>
    private sealed class Answer(HttpStatusCode status, string body) : HttpMessageHandler
    {
        public string WatchBody { get; init; } = "";

        public List<(string Url, string? Authorization)> Requests { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var url = request.RequestUri!.AbsoluteUri;
            lock (Requests)
            {
                Requests.Add((url, request.Headers.Authorization?.ToString()));
            }

            var content = url.EndsWith("/watch", StringComparison.Ordinal) ? WatchBody : body;
            return Task.FromResult(new HttpResponseMessage(status)
            {
                Content = new StringContent(content, Encoding.UTF8, "application/json"),
            });
        }
    }
}
