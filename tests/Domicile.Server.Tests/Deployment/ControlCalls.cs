using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Domicile.Cli.Local;
using Domicile.Control;

namespace Domicile.Server.Tests.Deployment;

/// <summary>The control API as an operator's program calls it.</summary>
internal sealed class ControlCalls : IDisposable
{
    private static readonly string[] Over = ["done", "aborted", "failed"];

    private readonly HttpClient _http;

    public ControlCalls(string dataDirectory, Uri control)
    {
        _http = new HttpClient(LocalAccess.Handler(dataDirectory, TimeSpan.FromSeconds(5)))
        {
            BaseAddress = new Uri(control, "/api/v1/"),
        };
        var token = File.ReadAllText(Path.Combine(dataDirectory, "control", "token")).Trim();
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    private static CancellationToken Cancelled => Xunit.TestContext.Current.CancellationToken;

    /// <summary>With the token; for what the methods below don't offer.</summary>
    public HttpClient Http => _http;

    /// <param name="misplaced">Why the account is taken over where the policy forbids it; needed only there.</param>
    public Task<NewAccountView> AddAccountAsync(string residence, string? region = null, string? misplaced = null)
        => PostAsync(
            "accounts", new NewAccount(residence, null, region, misplaced), ApiJson.Default.NewAccount,
            ApiJson.Default.NewAccountView);

    public Task<KeyRenewalView> RotateKeyAsync(string account)
        => PostAsync($"accounts/{account}/key-rotations", ApiJson.Default.KeyRenewalView);

    public Task<AccountView> ShowAccountAsync(string account)
        => GetAsync($"accounts/{account}", ApiJson.Default.AccountView);

    public async Task<IReadOnlyList<string>> ListAccountsAsync()
        => [.. (await GetAsync("accounts", ApiJson.Default.AccountList)).Accounts.Select(account => account.Account)];

    public Task<MoveView> BeginMoveAsync(string account, string to)
        => PostAsync("moves", new NewMove(account, to, null), ApiJson.Default.NewMove, ApiJson.Default.MoveView);

    public Task<MoveView> ShowMoveAsync(Guid move) => GetAsync($"moves/{move}", ApiJson.Default.MoveView);

    public Task<MoveView> AbortMoveAsync(Guid move)
        => PostAsync($"moves/{move}/abort", ApiJson.Default.MoveView);

    public Task<MoveList> ListMovesAsync() => GetAsync("moves", ApiJson.Default.MoveList);

    public Task<DoctorView> DoctorAsync() => GetAsync("doctor", ApiJson.Default.DoctorView);

    /// <summary>How many moves may run at the same time, until control starts again.</summary>
    public Task<ApplyView> ApplyAsync(int atOnce)
        => PostAsync(
            "apply", new PlanRequest(null, atOnce), ApiJson.Default.PlanRequest, ApiJson.Default.ApplyView);

    public Task<byte[]> ReceiptAsync(Guid move) => _http.GetByteArrayAsync($"moves/{move}/receipt", Cancelled);

    public Task<StatusView> StatusAsync() => GetAsync("status", ApiJson.Default.StatusView);

    public Task<DeepVerificationView> VerifyAsync(string account)
        => PostAsync($"accounts/{account}/verify", ApiJson.Default.DeepVerificationView);

    public Task<PolicyView> PutPolicyAsync(string text)
        => SendAsync(
            new HttpRequestMessage(HttpMethod.Put, "policy")
            {
                Content = JsonContent.Create(new PolicyText(text), ApiJson.Default.PolicyText),
            },
            ApiJson.Default.PolicyView);

    /// <summary>The move once it is done, aborted or failed. Control may die and come back meanwhile.</summary>
    public Task<MoveView> EndOfMoveAsync(Guid move, TimeSpan? patience = null)
        => MoveBecomesAsync(move, view => Over.Contains(view.State), "done, aborted or failed", patience);

    public async Task<MoveView> MoveBecomesAsync(
        Guid move, Func<MoveView, bool> condition, string what, TimeSpan? patience = null)
    {
        MoveView? last = null;
        try
        {
            return await Eventually.BecomesAsync(
                async () =>
                {
                    last = await TryShowMoveAsync(move) ?? last;
                    return last is not null && condition(last) ? last : null;
                },
                $"move {move} {what}", patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} It is {last?.State}: {last?.Reason} {last?.Trouble}", late);
        }
    }

    /// <summary>Moves an account and waits until nothing of it is left at its old home.</summary>
    public async Task<MoveView> MoveAsync(string account, string to)
        => await EndOfMoveAsync((await BeginMoveAsync(account, to)).Move);

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type)
        => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), type);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type)
        => SendAsync(new HttpRequestMessage(HttpMethod.Post, path), type);

    public Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> type)
        => SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, bodyType) }, type);

    public void Dispose() => _http.Dispose();

    private async Task<MoveView?> TryShowMoveAsync(Guid move)
    {
        try
        {
            return await ShowMoveAsync(move);
        }
        catch (HttpRequestException)
        {
            // Control is dead at the moment, as the test wants it.
            return null;
        }
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type)
    {
        using var answer = await _http.SendAsync(request, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Xunit.Assert.True(answer.IsSuccessStatusCode, $"{request.Method} {request.RequestUri}: {answer.StatusCode} {text}");
        return JsonSerializer.Deserialize(text, type)!;
    }
}
