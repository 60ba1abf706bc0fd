using System.Globalization;
using Domicile.Server.Tests.Deployment;
using Microsoft.Data.Sqlite;

namespace Domicile.Server.Tests.Faults;

/// <summary>What stands in a region's own database of an account, read past the product.</summary>
/// <param name="State">docs/protocols/move.md: 1 is active, 2 sealed, 4 a tombstone.</param>
internal sealed record AccountRowOnDisk(string Region, int State, long Epoch, bool HasData)
{
    public const int Active = 1;
    public const int Sealed = 2;
    public const int Departed = 4;

    public static IReadOnlyList<AccountRowOnDisk> Read(LiveDeployment deployment, string account)
        => [.. deployment.Config.Regions.SelectMany(region => Read(deployment, region.Facts.Name.Value, account))];

    private static IEnumerable<AccountRowOnDisk> Read(LiveDeployment deployment, string region, string account)
    {
        var path = Path.Combine(deployment.DirectoryOf(region), "accounts", account[..2], account, "account.db");
        if (!File.Exists(path))
        {
            return [];
        }

        using var database = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "SELECT state, epoch, has_data FROM account";
        using var row = command.ExecuteReader();
        return row.Read()
            ? [new AccountRowOnDisk(
                region, row.GetInt32(0), row.GetInt64(1), Convert.ToBoolean(row.GetValue(2), CultureInfo.InvariantCulture))]
            : [];
    }
}
