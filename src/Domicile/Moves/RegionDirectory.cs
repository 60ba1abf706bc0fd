using System.Collections.Concurrent;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Policies;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// A region's replica of control's directory, of the policy in force and of the list of regions, in <c>region.db</c>: what
/// control said, and nobody else; it may be stale, and lets the region serve while control is down.
/// </summary>
internal sealed class RegionDirectory : IDisposable
{
    public const string FileName = "region.db";

    /// <summary>Of a hash, which control's is.</summary>
    private const int TagCharsMax = 128;

    private const string MemberFactsTable
        = "CREATE TABLE IF NOT EXISTS member_facts (region TEXT PRIMARY KEY, document TEXT NOT NULL)";

    public static readonly DatabaseFormat Format = new(
        "A region's replica",
        [
            "CREATE TABLE IF NOT EXISTS entry (account TEXT PRIMARY KEY, residence TEXT NOT NULL, organisation TEXT, "
            + "home TEXT, epoch BIGINT NOT NULL, version BIGINT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS policy (id INTEGER PRIMARY KEY, revision BIGINT NOT NULL, text TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS member (region TEXT PRIMARY KEY)",

            // Before there were versions other regions wrote here. What lies here routes until control, asked for all, has said
            // it anew.
            "UPDATE entry SET epoch = 0, version = 0",
            MemberFactsTable,
        ],
        [MemberFactsTable]);

    private readonly Lock _gate = new(); // one connection, and one writer of what is kept in memory, at a time
    private readonly Sql _sql;

    // All entries, as they are on disk: every request of an account looks here.
    private readonly ConcurrentDictionary<AccountId, DirectoryEntry> _entries = new();

    private readonly List<(long Revision, TaskCompletionSource<bool> Known)> _waiting = [];

    // What this process's own config says, for as long as control hasn't been heard.
    private readonly IReadOnlyList<RegionMember> _configured;

    // Under _gate: which regions control names, and what it has told of them. Names alone come from a control of a former release.
    private IReadOnlyList<RegionName>? _names;
    private IReadOnlyDictionary<RegionName, RegionMember> _told = new Dictionary<RegionName, RegionMember>();

    // Replaced whole.
    private volatile IReadOnlyList<RegionMember> _members;

    private RegionDirectory(Sql sql, IReadOnlyList<RegionMember> configured)
        => (_sql, _configured, _members) = (sql, configured, configured);

    /// <summary>The policy in force as far as this region knows; null before control has ever been heard. Replaced whole.</summary>
    public Policy? Policy { get; private set; }

    public long PolicyRevision => Policy?.Revision ?? 0;

    /// <summary>Control's change counter up to which this replica is complete.</summary>
    public long Version { get; private set; }

    /// <summary>The regions of the deployment: those of control's config, as last heard; before that, of this process's own.</summary>
    /// <value>Replaced whole: who keeps it, keeps what it was.</value>
    public IReadOnlyList<RegionMember> Members => _members;

    /// <summary>What control calls <see cref="Members"/>; null where it hasn't told of them since the start.</summary>
    public string? MembersTag { get; private set; }

    /// <param name="configured">The regions of this process's own config.</param>
    public static RegionDirectory Open(string directory, IReadOnlyList<RegionMember> configured)
    {
        var replica = new RegionDirectory(SqliteEngine.OpenFile(Path.Combine(directory, FileName), Format), configured);
        replica.Load();
        return replica;
    }

    /// <summary>Null where it is no region of the deployment.</summary>
    public RegionMember? FindMember(RegionName region)
    {
        foreach (var member in _members)
        {
            if (member.Name == region)
            {
                return member;
            }
        }

        return null;
    }

    /// <summary>Control's word, as last heard; nobody else's.</summary>
    public DirectoryEntry? Find(AccountId account) => _entries.GetValueOrDefault(account);

    /// <summary>Entries whose home is this region: accounts that must be there.</summary>
    public IEnumerable<DirectoryEntry> AtHomeIn(RegionName region) => _entries.Values.Where(entry => entry.Home == region);

    /// <summary>
    /// Takes entries whose epoch is newer (or which end the account), and a policy whose revision is. Durable at return.
    /// </summary>
    /// <exception cref="FormatException">The policy, or the list of regions, can't be read: it comes from a newer control.</exception>
    public void Take(DirectoryUpdate update)
    {
        if (update.Regions is { Count: > DeploymentConfig.RegionsMax } || update.Members is { Count: > DeploymentConfig.RegionsMax }
            || update.Members?.All(member => member is { IsWhole: true }) == false
            || update.MembersTag is { Length: > TagCharsMax })
        {
            throw new FormatException("What control says of the deployment's regions can't be read here.");
        }

        var policy = update.PolicyText is { } text && update.PolicyRevision > PolicyRevision
            ? Read(text, update.PolicyRevision)
            : null;
        lock (_gate)
        {
            using var transaction = _sql.Connection.BeginTransaction();
            foreach (var entry in update.Entries)
            {
                Put(entry);
            }

            if (policy is not null)
            {
                _sql.Execute(
                    "INSERT INTO policy (id, revision, text) VALUES (1, @p1, @p2) "
                    + "ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, text = excluded.text",
                    policy.Revision, policy.Text);
            }

            var (names, told) = StoreMembers(update.Regions, update.Members);
            transaction.Commit();
            SetMembers(names, told, update.Members is null ? MembersTag : update.MembersTag);
            foreach (var entry in update.Entries)
            {
                _entries.AddOrUpdate(entry.Profile.Id, entry, (_, known) => IsNewer(entry, known) ? entry : known);
            }

            Version = update.Entries.Select(entry => entry.Version).Append(Version).Max();
            Policy = policy ?? Policy;
            _waiting.FindAll(one => one.Revision <= PolicyRevision).ForEach(one => one.Known.TrySetResult(true));
        }
    }

    /// <summary>Waits until this policy is known here, or a newer one: control tells all regions at once, and then begins moves.</summary>
    /// <returns>False where that takes longer.</returns>
    public async Task<bool> WaitForPolicyAsync(
        long revision, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        // Continuations run elsewhere: whoever brings the policy goes on.
        var waiting = (revision, Known: new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (PolicyRevision >= revision)
            {
                return true;
            }

            _waiting.Add(waiting);
        }

        using var limit = new CancellationTokenSource(atMost, time);
        await using var late = limit.Token.UnsafeRegister(
            static known => ((TaskCompletionSource<bool>)known!).TrySetResult(false), waiting.Known);
        await using var given = cancellationToken.UnsafeRegister(
            static (known, token) => ((TaskCompletionSource<bool>)known!).TrySetCanceled(token), waiting.Known);
        try
        {
            return await waiting.Known.Task;
        }
        finally
        {
            lock (_gate)
            {
                _waiting.Remove(waiting);
            }
        }
    }

    public void Dispose()
    {
        SqliteEngine.Close(_sql);
    }

    private static bool IsNewer(DirectoryEntry entry, DirectoryEntry known)
        => entry.Epoch > known.Epoch || (entry.Epoch == known.Epoch && entry.Version > known.Version);

    /// <returns>What is in force from now on.</returns>
    private (IReadOnlyList<RegionName>? Names, IReadOnlyDictionary<RegionName, RegionMember> Told) StoreMembers(
        IReadOnlyList<RegionName>? names, IReadOnlyList<RegionMember>? members)
    {
        if (names is not null && _names?.SequenceEqual(names) != true)
        {
            _sql.Execute("DELETE FROM member");
            foreach (var region in names)
            {
                _sql.Execute("INSERT INTO member (region) VALUES (@p1) ON CONFLICT DO NOTHING", region.Value);
            }
        }

        if (members is not null)
        {
            _sql.Execute("DELETE FROM member_facts");
            foreach (var member in members)
            {
                _sql.Execute(
                    "INSERT INTO member_facts (region, document) VALUES (@p1, @p2) ON CONFLICT DO NOTHING",
                    member.Name.Value, member.ToJson());
            }
        }

        return (names ?? _names, members is null ? _told : ByName(members));
    }

    private void SetMembers(
        IReadOnlyList<RegionName>? names, IReadOnlyDictionary<RegionName, RegionMember> told, string? tag)
    {
        if (ReferenceEquals(told, _told) && (names is null || _names?.SequenceEqual(names) == true))
        {
            return;
        }

        (_names, _told, MembersTag) = (names, told, tag);
        var configured = ByName(_configured);
        _members = names is null ? _configured
            :
            [
                .. names.Distinct().Select(name => told.GetValueOrDefault(name) ?? configured.GetValueOrDefault(name))
                    .OfType<RegionMember>(),
            ];
    }

    private static Dictionary<RegionName, RegionMember> ByName(IEnumerable<RegionMember> members)
        => members.DistinctBy(member => member.Name).ToDictionary(member => member.Name);

    private void Put(DirectoryEntry entry)
        => _sql.Execute(
            """
            INSERT INTO entry (account, residence, organisation, home, epoch, version) VALUES (@p1, @p2, @p3, @p4, @p5, @p6)
            ON CONFLICT (account) DO UPDATE SET residence = excluded.residence, organisation = excluded.organisation,
              home = excluded.home, epoch = excluded.epoch, version = excluded.version
            WHERE excluded.epoch > entry.epoch OR (excluded.epoch = entry.epoch AND excluded.version > entry.version)
            """,
            entry.Profile.Id.Value, entry.Profile.Residence.Code, entry.Profile.Organisation, entry.Home?.Value,
            entry.Epoch, entry.Version);

    private void Load()
    {
        var names = _sql.List("SELECT region FROM member ORDER BY rowid", row => RegionName.Parse(row.GetString(0)));
        var told = _sql.List("SELECT document FROM member_facts", row => RegionMember.FromJson(row.GetString(0)));
        SetMembers(names.Count == 0 ? null : names, ByName(told.OfType<RegionMember>()), tag: null);
        foreach (var entry in _sql.List("SELECT account, residence, organisation, home, epoch, version FROM entry", ReadEntry))
        {
            _entries[entry.Profile.Id] = entry;
            Version = Math.Max(Version, entry.Version);
        }

        var stored = _sql.Single("SELECT revision, text FROM policy", row => Tuple.Create(row.GetInt64(0), row.GetString(1)));
        Policy = stored is null ? null : Read(stored.Item2, stored.Item1);
    }

    private static DirectoryEntry ReadEntry(SqlRow row)
        => new(
            new AccountProfile(
                AccountId.Parse(row.GetString(0)), Country.Parse(row.GetString(1)), row.GetStringOrNull(2)),
            row.IsNull(3) ? null : RegionName.Parse(row.GetString(3)), row.GetInt64(4), row.GetInt64(5));

    private static Policy Read(string text, long revision)
        => Policy.Parse(text, "policy.yaml") switch
        {
            PolicyResult.Ok(var policy) => policy with { Revision = revision },
            PolicyResult.Invalid(var errors) => throw new FormatException($"Policy {revision} can't be read here: {errors[0]}"),
            var unknown => throw new System.Diagnostics.UnreachableException(unknown.ToString()),
        };
}
