using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Control;

/// <summary>
/// Access keys. They live at the account's home alone: control draws a new secret, passes it on and forgets it. And the keys
/// of contents, which control never has: it only asks for a new one.
/// </summary>
internal sealed class KeyDesk(ControlParts parts, AccountDesk accounts)
{
    public async Task<Outcome<NewKeyView>> AddAsync(string text, NewKey request, CancellationToken cancellationToken)
    {
        if (!accounts.FindActive(text).Is(out var account, out var refusal)
            || !ReadLabel(request.Label).Is(out var label, out refusal)
            || !(await ListAsync(account, cancellationToken)).Is(out var keys, out refusal))
        {
            return refusal;
        }

        if (keys.Keys.Count >= ControlLimits.KeysPerAccountMax)
        {
            return Refusal.Conflict(
                $"account {account.Id} has {keys.Keys.Count} access keys, the most an account can have", "revoke one first");
        }

        using var key = parts.Entropy.DrawCredential(account.Id, label, parts.Time.GetUtcNow());
        var added = await ExecuteAsync(account, new AddCredential(key), cancellationToken);
        return added.Is(out _, out refusal) ? new NewKeyView(key.AccessKeyId, key.Secret.ToText(), key.Label) : refusal;
    }

    public async Task<Outcome<KeyList>> ListAsync(string text, CancellationToken cancellationToken)
        => accounts.FindActive(text).Is(out var account, out var refusal)
            ? await ListAsync(account, cancellationToken) : refusal;

    public async Task<Outcome<AccessKeyView>> RevokeAsync(string accessKey, CancellationToken cancellationToken)
    {
        if (!AccessKey.TryGetAccount(accessKey, out var id))
        {
            return Refusal.Malformed($"'{AccountRequests.Shown(accessKey)}' is not an access key of this store");
        }

        if (!accounts.FindActive(id.Value).Is(out var account, out var refusal)
            || !(await ListAsync(account, cancellationToken)).Is(out var keys, out refusal))
        {
            return refusal;
        }

        if (keys.Keys.FirstOrDefault(key => key.AccessKey == accessKey) is not { } known)
        {
            return Refusal.NotFound($"account {id} has no access key {accessKey}", $"'domicile key list {id}' shows its keys");
        }

        var revoked = await ExecuteAsync(account, new RevokeCredential(accessKey), cancellationToken);
        return revoked.Is(out _, out refusal) ? known : refusal;
    }

    /// <summary>Has the account's home draw a new key for contents and encrypt again what there is.</summary>
    public async Task<Outcome<KeyRenewalView>> RotateAsync(string text, CancellationToken cancellationToken)
    {
        if (!accounts.FindActive(text).Is(out var account, out var refusal))
        {
            return refusal;
        }

        // An answer that is lost is asked for once more: the home draws once for one id.
        var rotation = Guid.CreateVersion7(parts.Time.GetUtcNow());
        var asked = await RotateAsync(account, rotation, cancellationToken);
        asked = asked is Outcome<KeyRenewal>.Refused { Refusal.Kind: RefusalKind.Unavailable }
            ? await RotateAsync(account, rotation, cancellationToken) : asked;
        return asked.Is(out var renewal, out refusal) ? View(account, renewal) : refusal;
    }

    /// <summary>An account, with how far encrypting again is while it goes on and its home answers.</summary>
    public async Task<Outcome<AccountView>> ShowAsync(string text, CancellationToken cancellationToken)
    {
        if (!accounts.Show(text).Is(out var shown, out var refusal) || !accounts.FindActive(text).Is(out var account, out _))
        {
            return shown is null ? refusal! : shown;
        }

        var asked = await parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.DescribeKeysAsync(account.Id, limited), cancellationToken,
            ControlLimits.ShowPatience);
        return asked.Is(out var renewal, out _) && renewal.Keys > 1 ? shown with { Encryption = View(account, renewal) } : shown;
    }

    private Task<Outcome<KeyRenewal>> RotateAsync(ControlAccount account, Guid rotation, CancellationToken cancellationToken)
        => parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.RotateKeyAsync(account.Id, rotation, limited), cancellationToken);

    private static KeyRenewalView View(ControlAccount account, KeyRenewal renewal)
        => new(
            account.Id.Value, account.Home!.Value.Value, renewal.Keys, renewal.NewKeyAt, renewal.EndedAt, renewal.ContentsLeft,
            renewal.BytesLeft, renewal.Damaged);

    private async Task<Outcome<KeyList>> ListAsync(ControlAccount account, CancellationToken cancellationToken)
    {
        var asked = await parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.ListKeysAsync(account.Id, limited), cancellationToken);
        return asked.Is(out var keys, out var refusal) ? new KeyList(keys) : refusal;
    }

    private async Task<Outcome<CommandResult>> ExecuteAsync(
        ControlAccount account, CredentialCommand command, CancellationToken cancellationToken)
    {
        var asked = await parts.Regions.AskAsync(
            account.Home!.Value, (region, limited) => region.ExecuteAsync(account.Id, command, limited), cancellationToken);
        return asked switch
        {
            Outcome<CommandResult>.Done { Answer: CommandResult.Refused { Code: "SlowDown" } busy } => Refusal.Unavailable(
                $"region {account.Home} is busy with account {account.Id}: {busy.Detail ?? busy.Code}", "try again"),
            Outcome<CommandResult>.Done { Answer: CommandResult.Refused no } => Refusal.Conflict(
                $"region {account.Home} did not change the keys of account {account.Id}: {no.Detail ?? no.Code}"),
            _ => asked,
        };
    }

    private static Outcome<string> ReadLabel(string? label)
        => AccountRequests.CheckText("label", label ?? "", ControlLimits.LabelCharsMax) is { } wrong ? wrong : label!;
}
