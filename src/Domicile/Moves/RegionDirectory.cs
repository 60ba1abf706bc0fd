using Domicile.Accounts;
using Domicile.Policies;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>
/// A region's replica of control's directory and of the policy in force, in <c>region.db</c>: a hint for routing that
/// may be stale, and what lets the region serve while control is down.
/// </summary>
internal sealed class RegionDirectory : IDisposable
{
    public const string FileName = "region.db";

    private readonly Lock _gate = new(); // one connection, used by one thread at a time; lookups take microseconds
    private readonly Sql _sql;

    private RegionDirectory(Sql sql) => _sql = sql;

    /// <summary>The policy in force as far as this region knows; null before control has ever been heard. Replaced whole.</summary>
    public Policy? Policy { get; private set; }

    public long PolicyRevision => Policy?.Revision ?? 0;

    /// <summary>Control's change counter up to which this replica is complete.</summary>
    public long Version { get; private set; }

    public static RegionDirectory Open(string directory)
    {
        var replica = new RegionDirectory(SqliteEngine.OpenFile(Path.Combine(directory, FileName)));
        replica.Prepare();
        return replica;
    }

    public DirectoryEntry? Find(AccountId account)
    {
        lock (_gate)
        {
            return _sql.Single(
                "SELECT residence, organisation, home, epoch, version FROM entry WHERE account = @p1",
                row => new DirectoryEntry(
                    new AccountProfile(account, Country.Parse(row.GetString(0)), row.IsDBNull(1) ? null : row.GetString(1)),
                    row.IsDBNull(2) ? null : RegionName.Parse(row.GetString(2)), row.GetInt64(3), row.GetInt64(4)),
                account.Value);
        }
    }

    /// <summary>
    /// Takes entries whose epoch is newer (or which end the account), and a policy whose revision is. Durable at return.
    /// </summary>
    /// <exception cref="FormatException">The policy can't be read: it comes from a newer control.</exception>
    public void Take(DirectoryUpdate update)
    {
        var policy = update.PolicyText is { } text && update.PolicyRevision > PolicyRevision
            ? Read(text, update.PolicyRevision)
            : null;
        lock (_gate)
        {
            using var transaction = _sql.Connection.BeginTransaction();
            _sql.Transaction = transaction;
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

            transaction.Commit();
            _sql.Transaction = null;
            Version = update.Entries.Select(entry => entry.Version).Append(Version).Max();
            Policy = policy ?? Policy;
        }
    }

    /// <summary>Another region's word on a known account's home; its change counter stays control's.</summary>
    public void Learn(AccountId account, RegionName home, long epoch)
    {
        lock (_gate)
        {
            _sql.Execute(
                "UPDATE entry SET home = @p2, epoch = @p3 WHERE account = @p1 AND epoch < @p3", account.Value, home.Value, epoch);
        }
    }

    public void Dispose()
    {
        SqliteEngine.Close(_sql);
    }

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

    private void Prepare()
    {
        _sql.Execute(
            "CREATE TABLE IF NOT EXISTS entry (account TEXT PRIMARY KEY, residence TEXT NOT NULL, organisation TEXT, "
            + "home TEXT, epoch BIGINT NOT NULL, version BIGINT NOT NULL)");
        _sql.Execute("CREATE TABLE IF NOT EXISTS policy (id INTEGER PRIMARY KEY, revision BIGINT NOT NULL, text TEXT NOT NULL)");
        Version = _sql.Scalar<long>("SELECT max(version) FROM entry");
        var stored = _sql.Single("SELECT revision, text FROM policy", row => Tuple.Create(row.GetInt64(0), row.GetString(1)));
        Policy = stored is null ? null : Read(stored.Item2, stored.Item1);
    }

    private static Policy Read(string text, long revision)
        => Policy.Parse(text, "policy.yaml") switch
        {
            PolicyResult.Ok(var policy) => policy with { Revision = revision },
            PolicyResult.Invalid(var errors) => throw new FormatException($"Policy {revision} can't be read here: {errors[0]}"),
            var unknown => throw new System.Diagnostics.UnreachableException(unknown.ToString()),
        };
}
