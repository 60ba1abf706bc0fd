using System.Collections.Concurrent;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>
/// Control's word on accounts that this region doesn't know. Anybody can make up such accounts without end: so an account is
/// asked for once at a time, few at once, and for a moment it is remembered that there is none. (An account that is created
/// then is pushed to the region, which knows it from then on, and asks no more.)
/// </summary>
/// <param name="ask">Control's entry; null where it has none.</param>
internal sealed class AccountQuestions(Func<AccountId, CancellationToken, Task<DirectoryEntry?>> ask, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<AccountId, Lazy<Task<DirectoryEntry?>>> _asked = new();
    private readonly SemaphoreSlim _turns = new(PeerLimits.AccountQuestionsAtOnce);
    private readonly LinkBreaker _control = new(time);
    private readonly Lock _gate = new();
    private int _open;

    // Two sets that take turns, so that nothing is looked through to forget what is old. Under _gate.
    private HashSet<AccountId> _unknown = [];
    private HashSet<AccountId> _unknownBefore = [];
    private long _turnedAt = time.GetTimestamp();

    /// <returns>Null: control doesn't know it, or could not be asked. What the replica says must do.</returns>
    public async Task<DirectoryEntry?> AskAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (IsUnknown(account))
        {
            return null;
        }

        // It doesn't end with the client that asked first: others wait for it.
        var question = _asked.GetOrAdd(account, one => new Lazy<Task<DirectoryEntry?>>(() => AnswerAsync(one)));
        return await question.Value.WaitAsync(cancellationToken);
    }

    public void Dispose() => _turns.Dispose();

    private async Task<DirectoryEntry?> AnswerAsync(AccountId account)
    {
        try
        {
            return Interlocked.Increment(ref _open) <= PeerLimits.AccountQuestionsAtOnce + PeerLimits.AccountQuestionsWaitingMax
                ? await AskInTurnAsync(account)
                : null;
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            _asked.TryRemove(account, out _);
        }
    }

    private async Task<DirectoryEntry?> AskInTurnAsync(AccountId account)
    {
        using var limit = new CancellationTokenSource(PeerLimits.AccountQuestionMax, time);
        var isTurn = false;
        LinkTry? passed = null;
        try
        {
            await _turns.WaitAsync(limit.Token);
            isTurn = true;
            if ((passed = _control.TryPass()) is null)
            {
                return null;
            }

            var entry = await ask(account, limit.Token);
            _control.Succeeded();
            if (entry is null)
            {
                NoteUnknown(account);
            }

            return entry;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            if (passed is { } tried)
            {
                _control.Failed(tried);
            }

            return null; // The data plane stands without control.
        }
        finally
        {
            if (isTurn)
            {
                _turns.Release();
            }
        }
    }

    private bool IsUnknown(AccountId account)
    {
        lock (_gate)
        {
            Turn();
            return _unknown.Contains(account) || _unknownBefore.Contains(account);
        }
    }

    private void NoteUnknown(AccountId account)
    {
        lock (_gate)
        {
            Turn();
            _unknown.Add(account);
        }
    }

    private void Turn()
    {
        var since = time.GetElapsedTime(_turnedAt);
        if (since < PeerLimits.UnknownAccountLasts && _unknown.Count < PeerLimits.UnknownAccountsKept)
        {
            return;
        }

        _unknownBefore = since < 2 * PeerLimits.UnknownAccountLasts ? _unknown : [];
        (_unknown, _turnedAt) = ([], time.GetTimestamp());
    }
}
