namespace Domicile.Objects.Listing;

/// <summary>Rows of a bucket in the order of their keys, from where its walk stands.</summary>
internal abstract class KeyCursor<T>(KeyWalk walk)
{
    protected KeyWalk Walk => walk;

    /// <summary>The next rows. Empty only at the end; it may give fewer than asked for before that.</summary>
    protected abstract IReadOnlyList<T> Fetch(int countMax);

    protected abstract string KeyOf(T row);

    /// <summary>The row is in the page: go on after it.</summary>
    protected virtual void PassBy(T row) => walk.PassBy(KeyOf(row));

    /// <summary>A common prefix is in the page: go on after all that is below it.</summary>
    protected virtual void SkipBelow(string commonPrefix) => walk.SkipBelow(commonPrefix);

    /// <summary>
    /// Collects a page. Rows are fetched in runs that double while there is nothing to roll up, and start small after a
    /// common prefix: so a page costs what is in it, however much lies below its common prefixes.
    /// </summary>
    public Page<T> Collect(int pageSize)
    {
        var size = Math.Min(pageSize, ObjectLimits.PageMax);
        var page = new Page<T>([], [], false, default, null);
        for (var run = 16; size > 0 && !walk.IsAtEnd; run = Math.Min(run * 2, ObjectLimits.PageMax))
        {
            // One more than fits tells whether the page is the last.
            var rows = Fetch(Math.Min(run, size - page.Count + 1));
            if (rows.Count == 0)
            {
                break;
            }

            foreach (var row in rows)
            {
                if (page.Count == size)
                {
                    return page with { IsTruncated = true };
                }

                var commonPrefix = walk.CommonPrefixOf(KeyOf(row));
                page = Add(page, row, commonPrefix);
                if (commonPrefix is not null)
                {
                    run = 1;
                    break;
                }
            }
        }

        return page;
    }

    private Page<T> Add(Page<T> page, T row, string? commonPrefix)
    {
        if (commonPrefix is null)
        {
            PassBy(row);
            page.Rows.Add(row);
            return page with { Last = row, LastKey = KeyOf(row) };
        }

        SkipBelow(commonPrefix);
        page.CommonPrefixes.Add(commonPrefix);
        return page with { Last = default, LastKey = commonPrefix };
    }
}

/// <param name="Last">The last row, if the page ends with a row; default if it ends with a common prefix.</param>
/// <param name="LastKey">The key or common prefix that the page ends with; null where it is empty.</param>
internal sealed record Page<T>(List<T> Rows, List<string> CommonPrefixes, bool IsTruncated, T? Last, string? LastKey)
{
    public int Count => Rows.Count + CommonPrefixes.Count;
}
