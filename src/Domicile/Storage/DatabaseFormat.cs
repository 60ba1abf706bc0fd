using System.Globalization;

namespace Domicile.Storage;

/// <summary>
/// The tables of one kind of database file, and how an older file becomes one of this build. A file says its version itself
/// (<c>PRAGMA user_version</c>, https://www.sqlite.org/pragma.html#pragma_user_version); versions are listed in
/// docs/formats/README.md.
/// </summary>
/// <param name="Name">As people know the file.</param>
/// <param name="Statements">Make the tables of <see cref="Version"/>, in a file that has none.</param>
/// <param name="Upgrades">Each makes the next version: the first makes 2 of 1.</param>
internal sealed record DatabaseFormat(string Name, IReadOnlyList<string> Statements, IReadOnlyList<string> Upgrades)
{
    /// <summary>The version of a file that says none: 0 where it has no tables.</summary>
    public Func<Sql, long> FindUnsaid { get; init; } = _ => 0;

    public int Version => Upgrades.Count + 1;

    public bool IsNewest(Sql sql) => sql.Scalar<long>("PRAGMA user_version") == Version;

    /// <summary>
    /// Makes the tables, or what an older file lacks: all of it in one transaction, so that a death in the middle leaves the
    /// older file. Nothing is changed where the file is of this version. Not in a transaction.
    /// </summary>
    /// <exception cref="StorageUnreadableException">The file is of a newer version. Nothing was changed.</exception>
    public void Prepare(Sql sql, string path)
    {
        var said = sql.Scalar<long>("PRAGMA user_version");
        if (said > Version)
        {
            throw new StorageUnreadableException(string.Create(
                CultureInfo.InvariantCulture,
                $"{Name} '{path}' has format {said}, and this build knows formats up to {Version}. Nothing was changed."))
            {
                Next = "Run the newer build that wrote it, or put the backup back that was made before.",
            };
        }

        if (said == Version)
        {
            return;
        }

        sql.Execute("BEGIN IMMEDIATE");
        var version = said == 0 ? FindUnsaid(sql) : said;
        foreach (var statement in version == 0 ? Statements : Upgrades.Skip((int)version - 1))
        {
            sql.ExecuteOnce(statement);
        }

        sql.ExecuteOnce(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version={Version}"));
        sql.Execute("COMMIT");
    }
}
