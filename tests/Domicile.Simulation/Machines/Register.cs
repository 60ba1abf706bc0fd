using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Policies;
using Domicile.Storage;

namespace Domicile.Simulation.Machines;

/// <summary>
/// Control's database: directory, policies and receipts as tables of this object, moves by the product's own statements on
/// SQLite. It outlives every process of control; each change is whole and durable at once.
/// </summary>
internal sealed class Register : IDisposable
{
    private readonly Sql _sql;
    private readonly Dictionary<AccountId, Entry> _accounts = [];
    private readonly List<Policy> _policies = [];
    private readonly Dictionary<Guid, long> _receipts = [];
    private readonly List<TaskCompletionSource> _waiting = [];

    public Register()
    {
        _sql = SqliteEngine.OpenFile(":memory:", new DatabaseFormat("Moves", MoveRecords.Schema, []));
    }

    public enum Standing
    {
        Active,
        Erasing,
        Erased,
    }

    public long Version { get; private set; }

    public Policy Policy => _policies[^1];

    public IReadOnlyDictionary<Guid, long> Receipts => _receipts;

    public IEnumerable<Entry> Accounts => _accounts.Values;

    public Entry Find(AccountId account) => _accounts[account];

    public DirectoryEntry? EntryOf(AccountId account)
        => _accounts.GetValueOrDefault(account) is { } one ? one.ToDirectory() : null;

    /// <summary>Moves as a process of control sees them; each statement takes a hop, before or after which it may die.</summary>
    public IMoveRecords OpenRecords() => new MoveRecords(query => query(_sql), WriteAsync);

    public void Add(AccountProfile profile, RegionName home, byte[] salt)
    {
        _accounts[profile.Id] = new Entry(profile, home, 1, ++Version, Standing.Active, salt);
        Changed();
    }

    public bool SetHome(AccountId account, RegionName home, long epoch)
    {
        var known = _accounts[account];
        if (known.Epoch >= epoch || known.Standing == Standing.Erased)
        {
            return false;
        }

        _accounts[account] = known with { Home = home, Epoch = epoch, Version = ++Version };
        Changed();
        return true;
    }

    public bool SetStanding(AccountId account, Standing from, Standing to)
    {
        var known = _accounts[account];
        if (known.Standing != from)
        {
            return false;
        }

        _accounts[account] = known with
        {
            Standing = to,
            Home = to == Standing.Erased ? null : known.Home,
            Epoch = to == Standing.Erased ? known.Epoch + 1 : known.Epoch,
            Version = ++Version,
        };
        Changed();
        return true;
    }

    public void Apply(string policyText)
    {
        var policy = ((PolicyResult.Ok)Policy.Parse(policyText, "policy.yaml")).Policy;
        _policies.Add(policy with { Revision = _policies.Count + 1 });
        Changed();
    }

    public long AppendReceipt(Guid move)
    {
        if (!_receipts.TryGetValue(move, out var index))
        {
            _receipts[move] = index = _receipts.Count;
        }

        return index;
    }

    public DirectoryUpdate UpdateSince(long version, long revision)
        => new(
            [.. _accounts.Values.Where(one => one.Version > version).OrderBy(one => one.Version).Select(one => one.ToDirectory())],
            Policy.Revision, Policy.Revision > revision ? Policy.Text : null);

    /// <summary>Completes at the next change. Look first, then wait: nothing happens between the two.</summary>
    public async Task ChangeAsync()
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add(changed);
        await changed.Task;
    }

    public void Dispose() => SqliteEngine.Close(_sql);

    private void Changed()
    {
        _waiting.ForEach(one => one.SetResult());
        _waiting.Clear();
    }

    private async Task<object?> WriteAsync(Func<Sql, object?> work, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        _sql.Execute("BEGIN IMMEDIATE");
        var result = work(_sql);
        _sql.Execute("COMMIT");
        await Task.Yield();
        return result;
    }

    internal sealed record Entry(
        AccountProfile Profile, RegionName? Home, long Epoch, long Version, Standing Standing, byte[] Salt)
    {
        public DirectoryEntry ToDirectory() => new(Profile, Home, Epoch, Version);
    }
}
