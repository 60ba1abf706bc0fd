using Domicile.Accounts;
using Domicile.Objects;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>The categories of an account's buckets: what policy decides by.</summary>
internal static class AccountCategories
{
    public static IReadOnlySet<string> Of(Sql sql, AccountId account)
        => sql.List($"{BucketRow.Select} WHERE account = @p1", BucketRow.Read, account.Value)
            .Select(row => Categories.Of(row.ToBucket())).ToHashSet(StringComparer.Ordinal);
}
