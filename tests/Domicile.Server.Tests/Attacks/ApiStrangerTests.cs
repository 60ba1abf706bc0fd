using System.Text;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Attacks;

/// <summary>
/// Someone who reaches control's API and has no token. Goal: no answer tells of an account, a region or a token, and each
/// says 401 or that there is nothing here.
/// </summary>
public sealed class ApiStrangerTests(SharedDeployment shared)
{
    [Theory]
    [InlineData("GET", "/api/v1/accounts", "")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Bearer ")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Bearer null")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Basic Og==")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: {token}")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Basic {token}")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Bearer {token}x")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Bearer {half}")]
    [InlineData("GET", "/api/v1/accounts", "Authorization: Bearer {upper}")]
    [InlineData("GET", "/api/v1/accounts", "Cookie: token={token}")]
    [InlineData("GET", "/api/v1/accounts", "X-Forwarded-For: 127.0.0.1")]
    [InlineData("GET", "/api/v1/accounts?token={token}", "")]
    [InlineData("GET", "/api/v1/accounts?access_token={token}", "")]
    [InlineData("GET", "/API/V1/accounts", "")]
    [InlineData("GET", "/api/v1/accounts/", "")]
    [InlineData("GET", "/api/v1/openapi.json/../accounts", "")]
    [InlineData("GET", "/api/v1/openapi.json%2f..%2faccounts", "")]
    [InlineData("GET", "/api//v1/accounts", "")]
    [InlineData("GET", "//api/v1/accounts", "")]
    [InlineData("GET", "/%61pi/v1/accounts", "")]
    [InlineData("GET", "/api%2Fv1%2Faccounts", "")]
    [InlineData("GET", "/x/../api/v1/accounts", "")]
    [InlineData("HEAD", "/api/v1/accounts", "")]
    [InlineData("OPTIONS", "/api/v1/accounts", "Origin: https://evil.example")]
    [InlineData("GET", "/api/v1/accounts", "X-HTTP-Method-Override: POST")]
    [InlineData("POST", "/api/v1/accounts", "Content-Type: application/json")]
    [InlineData("DELETE", "/api/v1/accounts/aaaaaaaaaaaaaaaa", "")]
    [InlineData("GET", "/api/v1/status", "")]
    [InlineData("GET", "/metrics", "")]
    [InlineData("GET", "/peer/v1/directory?since=0&policy=0", "")]
    [InlineData("GET", "/control/token", "")]
    [InlineData("GET", "/../control/token", "")]
    public async Task Without_a_token_nothing_is_told(string method, string target, string header)
    {
        var deployment = await shared.GetAsync();
        var account = await deployment.Control.AddAccountAsync("SG");
        var token = deployment.Control.Http.DefaultRequestHeaders.Authorization!.Parameter!;
        string Fill(string text) => text.Replace("{token}", token, StringComparison.Ordinal)
            .Replace("{half}", token[..(token.Length / 2)], StringComparison.Ordinal)
            .Replace("{upper}", token.ToUpperInvariant(), StringComparison.Ordinal);
        var at = deployment.EndpointsOf(LiveDeployment.ControlName).Listen;
        var lines = header.Length == 0 ? "" : Fill(header) + "\r\n";

        var answer = await RawConnection.AskAsync(
            at,
            Encoding.ASCII.GetBytes(
                $"{method} {Fill(target)} HTTP/1.1\r\nHost: {at.Authority}\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n"));

        Assert.True(answer.Status is 400 or 401 or 404 or 405, answer.Text);
        Assert.DoesNotContain(account.Account, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, answer.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("singapore", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control-Allow-Origin", answer.Text, StringComparison.OrdinalIgnoreCase);
    }
}
