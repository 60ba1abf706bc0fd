using Domicile.Accounts;
using Domicile.Control;
using Domicile.Deployments;
using Domicile.Moves;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Domicile.Server.Api;

/// <summary>Accounts and their access keys.</summary>
internal static class AccountsApi
{
    public static IReadOnlyList<ApiOperation> Operations { get; } =
    [
        new("POST", "/accounts",
            "Makes an account where policy places it, with its first access key. The secret is shown once.",
            typeof(NewAccount), typeof(NewAccountView), AddAsync),
        new("POST", "/account-batches",
            "Makes up to 1,000 accounts, each or not by itself: a line for each, in their order. Secrets are shown once.",
            typeof(NewAccounts), typeof(NewAccountsView), AddManyAsync),
        new("GET", "/accounts", "Lists the accounts, oldest first.", null, typeof(AccountList), List),
        new("GET", "/accounts/{id}", "Shows an account.", null, typeof(AccountView), ShowAsync),
        new("DELETE", "/accounts/{id}", "Erases an account for good.", null, typeof(EraseView), EraseAsync),
        new("GET", "/accounts/{id}/where",
            "Says where an account is, who can compel access to it, and the rule that decides.",
            null, typeof(WhereView), WhereAsync),
        new("GET", "/accounts/{id}/explain", "Says which rules were tried and what they say of each region.",
            null, typeof(ExplainView), ExplainAsync),
        new("POST", "/accounts/{id}/keys", "Adds an access key. The secret is shown once.",
            typeof(NewKey), typeof(NewKeyView), AddKeyAsync),
        new("GET", "/accounts/{id}/keys", "Lists the access keys, without secrets.",
            null, typeof(KeyList), ListKeysAsync),
        new("POST", "/accounts/{id}/key-rotations",
            "Draws a new key for the account's contents at its home, and encrypts again what there is, in the background.",
            null, typeof(KeyRenewalView), RotateKeyAsync),
        new("POST", "/accounts/{id}/verify",
            "Has the account's home read all of it again and compare it with its digest.",
            null, typeof(DeepVerificationView), VerifyAsync),
        new("DELETE", "/keys/{accessKey}", "Revokes an access key.",
            null, typeof(AccessKeyView), RevokeAsync),
    ];

    private static async Task<Results<Ok<NewAccountView>, ApiProblem>> AddAsync(
        NewAccount request, ControlDesk desk, HttpContext context, CancellationToken cancelled)
        => Answers.From(await desk.Accounts.AddAsync(request, context.Operator(), cancelled));

    private static async Task<Results<Ok<NewAccountsView>, ApiProblem>> AddManyAsync(
        NewAccounts request, ControlDesk desk, HttpContext context, CancellationToken cancelled)
        => Answers.From(await desk.Accounts.AddManyAsync(request, context.Operator(), cancelled));

    private static Ok<AccountList> List(ControlDesk desk) => TypedResults.Ok(desk.Accounts.List());

    private static async Task<Results<Ok<AccountView>, ApiProblem>> ShowAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Keys.ShowAsync(id, cancelled));

    private static async Task<Results<Ok<EraseView>, ApiProblem>> EraseAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Erasures.EraseAsync(id, cancelled));

    private static async Task<Results<Ok<WhereView>, ApiProblem>> WhereAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Policies.WhereAsync(id, cancelled));

    private static async Task<Results<Ok<ExplainView>, ApiProblem>> ExplainAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Policies.ExplainAsync(id, cancelled));

    private static async Task<Results<Ok<NewKeyView>, ApiProblem>> AddKeyAsync(
        string id, NewKey request, ControlDesk desk, SecurityLog security, HttpContext context, CancellationToken cancelled)
    {
        var added = await desk.Keys.AddAsync(id, request, cancelled);
        if (added is Outcome<NewKeyView>.Done { Answer.AccessKey: var key })
        {
            Record(security, context, AccountOf(key), "keyAdded");
        }

        return Answers.From(added);
    }

    private static async Task<Results<Ok<KeyList>, ApiProblem>> ListKeysAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Keys.ListAsync(id, cancelled));

    private static async Task<Results<Ok<KeyRenewalView>, ApiProblem>> RotateKeyAsync(
        string id, ControlDesk desk, SecurityLog security, HttpContext context, CancellationToken cancelled)
    {
        var rotated = await desk.Keys.RotateAsync(id, cancelled);
        if (rotated is Outcome<KeyRenewalView>.Done { Answer.Account: var account })
        {
            Record(security, context, AccountId.Parse(account), "keyRotated");
        }

        return Answers.From(rotated);
    }

    private static async Task<Results<Ok<DeepVerificationView>, ApiProblem>> VerifyAsync(
        string id, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.VerifyAsync(id, cancelled));

    private static async Task<Results<Ok<AccessKeyView>, ApiProblem>> RevokeAsync(
        string accessKey, ControlDesk desk, SecurityLog security, HttpContext context, CancellationToken cancelled)
    {
        var revoked = await desk.Keys.RevokeAsync(accessKey, cancelled);
        if (revoked is Outcome<AccessKeyView>.Done)
        {
            Record(security, context, AccountOf(accessKey), "keyRevoked");
        }

        return Answers.From(revoked);
    }

    private static void Record(SecurityLog security, HttpContext context, AccountId? account, string what)
        => security.Record(SecurityEvent.KeysChanged, SecuritySource.OfOperator(context.Operator()), what, account);

    private static AccountId? AccountOf(string accessKey) => AccessKey.TryGetAccount(accessKey, out var account) ? account : null;
}
