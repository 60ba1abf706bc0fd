using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Control;

/// <summary>The regions that are being drained: accounts leave them, and none come. Kept until an operator ends it.</summary>
internal sealed class DrainBook
{
    private readonly ControlDatabase _database;

    // Replaced whole, after what it says is durable.
    private volatile HashSet<RegionName> _regions;

    public DrainBook(ControlDatabase database)
    {
        _database = database;
        _regions = database.Read(Read);
    }

    public bool Contains(RegionName region) => _regions.Contains(region);

    /// <param name="by">Label of the operator.</param>
    public Task AddAsync(RegionName region, DateTimeOffset since, string by, CancellationToken cancellationToken)
        => ChangeAsync(
            sql => sql.Execute(
                "INSERT INTO drain (region, since_ms, operator) VALUES (@p1, @p2, @p3) ON CONFLICT (region) DO NOTHING",
                region.Value, since.ToUnixTimeMilliseconds(), by),
            cancellationToken);

    public Task RemoveAsync(RegionName region, CancellationToken cancellationToken)
        => ChangeAsync(sql => sql.Execute("DELETE FROM drain WHERE region = @p1", region.Value), cancellationToken);

    private static HashSet<RegionName> Read(Sql sql)
        => [.. sql.List("SELECT region FROM drain", row => RegionName.Parse(row.GetString(0)))];

    private async Task ChangeAsync(Func<Sql, int> change, CancellationToken cancellationToken)
    {
        await _database.WriteAsync(change, cancellationToken);
        _regions = _database.Read(Read);
    }
}
