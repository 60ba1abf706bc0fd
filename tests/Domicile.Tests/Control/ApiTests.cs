using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Domicile.Deployments;
using Domicile.Proofs.Receipts;
using Domicile.Server.Api;
using Domicile.Server.Hosting;
using Domicile.Tests.Deployments;
using Domicile.Tests.Moves;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Domicile.Tests.Control.TestControl;

namespace Domicile.Tests.Control;

public sealed class ApiTests : IAsyncLifetime
{
    private const string Token = "a-token-that-a-test-made-up-and-nobody-else";

    private readonly HttpClient _http = new();
    private readonly ManualTime _time = new();
    private readonly ScratchDirectory _scratch = new();
    private SecurityLog _security = null!;
    private TestControl _control = null!;
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        _security = SecurityLog.Open(_scratch.Path, _time);
        _control = await TestControl.StartAsync();
        await _control.Desk.Tokens.PutAsync("tester", Token, Cancelled);
        _app = ControlHost.BuildApi(
            _control.Desk, NullLoggerFactory.Instance, _security, _time, kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await _app.StartAsync(Cancelled);
        _http.BaseAddress = WebHosts.AddressOf(_app);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    [Fact]
    public async Task An_account_is_made_shown_and_erased()
    {
        var made = await SendAsync("POST", "/accounts", """{"residence":"IN"}""", HttpStatusCode.OK);
        var id = made.GetProperty("account").GetString();

        var shown = await SendAsync("GET", $"/accounts/{id}", null, HttpStatusCode.OK);
        Assert.Equal("singapore", shown.GetProperty("home").GetString());
        Assert.False(shown.TryGetProperty("organisation", out _));
        var where = await SendAsync("GET", $"/accounts/{id}/where", null, HttpStatusCode.OK);
        Assert.Equal("SG", Assert.Single(where.GetProperty("exposure").EnumerateArray()).GetString());
        Assert.Equal("Everyone else leaves", where.GetProperty("rule").GetString());

        await SendAsync("DELETE", $"/accounts/{id}", null, HttpStatusCode.OK);
        await SendAsync("GET", $"/accounts/{id}", null, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("POST", "/accounts", """{"residence":"IN","admin":true}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", """{"residence":"IN","residence":"CN"}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", """{"Residence":"IN"}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", """{"residence":null}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", "{}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", "{", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", "", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", "null", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", "[[[[[[[[[[[[[[[[", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/accounts", """{"residence":"AQ"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("POST", "/moves", """{"account":"aaaaaaaaaaaaaaaa","to":"singapore"}""", HttpStatusCode.NotFound)]
    [InlineData("POST", "/moves", """{"to":"singapore"}""", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/plan", """{"atOnce":"4"}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/policy", """{"text":"version: 9"}""", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "/policy", "{}", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/accounts/%0a", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/moves/1", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/moves/01890000-0000-7000-8000-000000000000", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/moves/01890000-0000-7000-8000-000000000000/receipt", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/ledger/entries/-1", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/ledger/entries/7", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/ledger/proofs/99999999999999999999", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "/nothing", null, HttpStatusCode.NotFound)]
    [InlineData("PATCH", "/accounts", null, HttpStatusCode.MethodNotAllowed)]
    public async Task What_is_wrong_is_answered_as_a_problem(string method, string path, string? body, HttpStatusCode status)
    {
        var problem = await SendAsync(method, path, body, status);

        Assert.NotEmpty(problem.GetProperty("error").GetString()!);
        Assert.DoesNotContain("Domicile.", problem.ToString(), StringComparison.Ordinal);
        Assert.Empty(_control.Desk.Accounts.List().Accounts);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData("Basic " + Token)]
    [InlineData(Token)]
    public async Task Without_a_known_token_nothing_is_told(string? authorization)
    {
        foreach (var path in new[] { "/accounts", "/nothing", "/moves/watch" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, ControlApi.Root + path);
            using var http = new HttpClient { BaseAddress = _http.BaseAddress };
            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            using var response = await http.SendAsync(request, Cancelled);

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        }
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_it_is_read()
    {
        using var content = new StringContent(
            $$"""{"text":"{{new string('a', ControlApi.BodyLengthBytesMax)}}"}""", Encoding.UTF8, "application/json");

        using var response = await _http.PutAsync(ControlApi.Root + "/policy", content, Cancelled);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_not_said_to_be_json_is_refused()
    {
        using var content = new StringContent("""{"residence":"IN"}""", Encoding.UTF8, "text/plain");

        using var response = await _http.PostAsync(ControlApi.Root + "/accounts", content, Cancelled);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task Every_route_is_in_the_description_and_the_other_way_round()
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(ControlApi.DocumentPath, Cancelled));
        var described = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value
            .EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {ControlApi.Root}{path.Name}"));
        var mapped = _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith(ControlApi.Root, StringComparison.Ordinal))
            .Where(route => route.RoutePattern.RawText != ControlApi.DocumentPath)
            .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Select(method => $"{method} {route.RoutePattern.RawText}"));

        Assert.Equal(described.Order(StringComparer.Ordinal), mapped.Order(StringComparer.Ordinal));
        Assert.Contains($"GET {ControlApi.Root}/moves/watch", described);
    }

    [Fact]
    public async Task Every_reference_of_the_description_leads_somewhere()
    {
        var text = await _http.GetStringAsync(ControlApi.DocumentPath, Cancelled);
        using var document = JsonDocument.Parse(text);
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");

        foreach (var reference in text.Split("\"#/components/schemas/").Skip(1).Select(rest => rest.Split('"')[0]))
        {
            Assert.True(schemas.TryGetProperty(reference, out _), reference);
        }
    }

    [Fact]
    public async Task A_watch_tells_of_a_move_to_its_end_and_the_receipt_verifies()
    {
        var account = (await _control.AddAsync("IN", "beijing")).Account;
        await _control.PushAsync();
        using var watch = await _http.GetAsync(
            ControlApi.Root + "/moves/watch", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal("application/jsonl", watch.Content.Headers.ContentType!.MediaType);
        using var lines = new StreamReader(await watch.Content.ReadAsStreamAsync(Cancelled));

        var move = await SendAsync("POST", "/moves", $$"""{"account":"{{account}}","to":"singapore"}""", HttpStatusCode.OK);
        var states = new List<string>();
        while (states.LastOrDefault() != "done")
        {
            using var line = JsonDocument.Parse((await lines.ReadLineAsync(Cancelled))!);
            Assert.Equal(move.GetProperty("move").GetGuid(), line.RootElement.GetProperty("move").GetGuid());
            states.Add(line.RootElement.GetProperty("state").GetString()!);
        }

        var receipt = await _http.GetByteArrayAsync(
            $"{ControlApi.Root}/moves/{move.GetProperty("move").GetGuid()}/receipt", Cancelled);
        Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(receipt, _control.LedgerKey));
    }

    [Fact]
    public async Task The_front_page_needs_no_token_and_runs_no_script()
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(_http.BaseAddress, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("<script", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_silent_region_is_shown_as_such_and_its_accounts_answer_503()
    {
        var account = (await _control.AddAsync("IN")).Account;
        _control.Faults.Silence(TestDeployment.Singapore);

        var status = await SendAsync("GET", "/status", null, HttpStatusCode.OK);
        Assert.Equal(
            ["ready", "unreachable"],
            status.GetProperty("regions").EnumerateArray().Select(region => region.GetProperty("state").GetString()));
        await SendAsync("GET", $"/accounts/{account}/keys", null, HttpStatusCode.ServiceUnavailable);
        await SendAsync("GET", $"/accounts/{account}/where", null, HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _control.DisposeAsync();
        _security.Dispose();
        _scratch.Dispose();
    }

    // Goal: who guesses waits, is told how long, and is in the security log with no word of what he showed.
    [Fact]
    public async Task A_source_that_guesses_tokens_has_to_wait_and_is_on_record()
    {
        for (var guess = 0; guess < 10; guess++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await ShowAsync($"guess-{guess}-of-somebody-who-knows-none")).StatusCode);
        }

        var heldOff = await ShowAsync(Token);
        Assert.Equal(HttpStatusCode.TooManyRequests, heldOff.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), heldOff.Headers.RetryAfter?.Delta);
        Assert.Contains("wait 1 s", await heldOff.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await ShowAsync(Token)).StatusCode);

        var lines = await ReadLogAsync();
        Assert.Equal(10, lines.Count(line => line.GetProperty("event").GetString() == "tokenFailed"));
        Assert.Equal("tokenThrottled", lines[^1].GetProperty("event").GetString());
        Assert.All(lines, line => Assert.Equal("127.0.0.1", line.GetProperty("source").GetString()));
        Assert.DoesNotContain("guess", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_that_an_operator_adds_revokes_and_rotates_are_on_record_without_their_ids()
    {
        var account = (await _control.AddAsync("IN")).Account;
        var key = (await SendAsync("POST", $"/accounts/{account}/keys", """{"label":"phone"}""", HttpStatusCode.OK))
            .GetProperty("accessKey").GetString()!;
        await SendAsync("DELETE", $"/keys/{key}", null, HttpStatusCode.OK);
        await SendAsync("DELETE", $"/keys/{key}", null, HttpStatusCode.NotFound);
        await SendAsync("POST", $"/accounts/{account}/key-rotations", null, HttpStatusCode.OK);

        var lines = await ReadLogAsync();

        Assert.Equal(["keyAdded", "keyRevoked", "keyRotated"], lines.Select(line => line.GetProperty("reason").GetString()));
        Assert.All(lines, line => Assert.Equal("operator 'tester'", line.GetProperty("source").GetString()));
        Assert.All(lines, line => Assert.Equal(account, line.GetProperty("account").GetString()));
        Assert.DoesNotContain(key, string.Concat(lines), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> ShowAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ControlApi.Root + "/accounts");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request, Cancelled);
    }

    private async Task<List<JsonElement>> ReadLogAsync()
        => [.. (await File.ReadAllLinesAsync(Path.Combine(_scratch.Path, "log", SecurityLog.FileName), Cancelled))
            .Select(line => JsonDocument.Parse(line).RootElement)];

    private async Task<JsonElement> SendAsync(string method, string path, string? body, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), ControlApi.Root + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request, Cancelled);
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
