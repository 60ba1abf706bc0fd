using Domicile.Accounts;
using Domicile.Policies;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>
/// The policy in force and those before it. Written by one operation at a time; read by anyone: the field holds an
/// immutable policy that is replaced whole, after the new one is durable.
/// </summary>
internal sealed class PolicyBook
{
    /// <summary>What errors call a policy that came over the API.</summary>
    public const string FileName = "policy.yaml";

    private readonly ControlDatabase _database;
    private readonly Func<IReadOnlyList<RegionName>> _regions;
    private readonly Lock _adopting = new();
    private volatile PolicyInForce _current;

    private PolicyBook(ControlDatabase database, Func<IReadOnlyList<RegionName>> regions, PolicyInForce current)
        => (_database, _regions, _current) = (database, regions, current);

    public PolicyInForce Current => _current;

    /// <summary>Reads the newest policy; null where none was ever put in force.</summary>
    /// <exception cref="InvalidDataException">The stored policy can't be read any more.</exception>
    public static PolicyBook? Load(ControlDatabase database, Func<IReadOnlyList<RegionName>> regions)
    {
        var stored = database.Read(sql => sql.Single(
            "SELECT text, revision, since_ms FROM policy ORDER BY revision DESC LIMIT 1",
            row => new StoredPolicy(row.GetString(0), row.GetInt64(1), row.GetInt64(2))));
        return stored is null ? null : new PolicyBook(database, regions, stored.Open());
    }

    /// <summary>A book with its first policy, which the caller stores with <see cref="Store"/> before anyone reads it.</summary>
    public static PolicyBook Begin(
        ControlDatabase database, Func<IReadOnlyList<RegionName>> regions, Policy first, DateTimeOffset since)
        => new(database, regions, new PolicyInForce(first with { Revision = 1 }, since));

    /// <summary>Reads a text against this deployment's regions. Nothing is put in force.</summary>
    public PolicyResult Parse(string? text) => Policy.Parse(text ?? "", FileName, _regions());

    /// <summary>Stores a policy in the caller's transaction.</summary>
    public static void Store(Sql sql, PolicyInForce next)
        => sql.Execute(
            "INSERT INTO policy (revision, text, sha256, since_ms) VALUES (@p1, @p2, @p3, @p4)",
            next.Policy.Revision, next.Policy.Text, next.Policy.Sha256, next.Since.ToUnixTimeMilliseconds());

    /// <summary>
    /// Puts a policy in force with the next revision. One with the same text as the one in force changes nothing.
    /// </summary>
    /// <param name="alongside">Runs in the same transaction: what must be durable with the policy.</param>
    public async Task<PolicyInForce> PutAsync(
        Policy policy, DateTimeOffset since, Action<Sql, PolicyInForce> alongside, CancellationToken cancellationToken)
    {
        var put = await _database.WriteAsync(
            sql =>
            {
                // The revision comes from the table, not from the field: the writer's lock orders two who put at once.
                var last = sql.Scalar<long>("SELECT MAX(revision) FROM policy");
                if (sql.Scalar<string>("SELECT sha256 FROM policy WHERE revision = @p1", last) == policy.Sha256)
                {
                    return null;
                }

                var next = new PolicyInForce(policy with { Revision = last + 1 }, since);
                Store(sql, next);
                alongside(sql, next);
                return next;
            },
            cancellationToken);
        return put is null ? _current : Adopt(put);
    }

    private PolicyInForce Adopt(PolicyInForce next)
    {
        lock (_adopting)
        {
            if (next.Policy.Revision > _current.Policy.Revision)
            {
                _current = next;
            }
        }

        return next;
    }

    private sealed record StoredPolicy(string Text, long Revision, long SinceMs)
    {
        // The regions' names aren't checked again: a region may have left the deployment since.
        public PolicyInForce Open()
            => Policy.Parse(Text, FileName) is PolicyResult.Ok ok
                ? new PolicyInForce(ok.Policy with { Revision = Revision }, DateTimeOffset.FromUnixTimeMilliseconds(SinceMs))
                : throw new InvalidDataException(
                    $"Opening control's database: its policy of revision {Revision} can't be read. Start the version that stored it.");
    }
}

/// <param name="Since">By control's clock.</param>
internal sealed record PolicyInForce(Policy Policy, DateTimeOffset Since);
