using System.Text;

namespace Domicile.Objects.Listing;

/// <summary>
/// Where a listing stands among a bucket's keys. Keys are ordered by their UTF-8 bytes, which is the order of code points;
/// the order of .NET's strings differs from U+10000 on, so it is never used here.
/// </summary>
internal sealed class KeyWalk
{
    private readonly string _prefix;
    private readonly string _delimiter;

    /// <param name="after">A key or common prefix that was listed; null from the start.</param>
    public KeyWalk(string prefix, string delimiter, string? after)
    {
        _prefix = prefix;
        _delimiter = delimiter;
        Lower = prefix;
        IsLowerIncluded = true;
        Until = Successor(prefix);
        if (after is null || Compare(after, prefix) < 0)
        {
            return;
        }

        StartsInRange = after.StartsWith(prefix, StringComparison.Ordinal);
        if (StartsInRange && CommonPrefixOf(after) is { } commonPrefix)
        {
            StartsInRange = false;
            SkipBelow(commonPrefix);
        }
        else
        {
            PassBy(after);
        }
    }

    public string Lower { get; private set; }

    public bool IsLowerIncluded { get; private set; }

    /// <summary>No key from here on has the prefix; null where there is no such bound.</summary>
    public string? Until { get; }

    public bool IsAtEnd { get; private set; }

    /// <summary>Whether the key to start after is a listed key itself, so that more of that very key may follow.</summary>
    public bool StartsInRange { get; }

    /// <summary>A condition on the column name, with @p3 for <see cref="Lower"/> and @p4 for <see cref="Until"/>.</summary>
    public string Condition => $"name {(IsLowerIncluded ? ">=" : ">")} @p3{UntilCondition}";

    /// <summary>For @p4, which is always given: without an upper bound it is compared with itself.</summary>
    public string UntilCondition => Until is null ? " AND @p4 IS NULL" : " AND name < @p4";

    /// <returns>What a key is rolled up into; null where it stands for itself.</returns>
    public string? CommonPrefixOf(string key)
    {
        var at = _delimiter.Length == 0 ? -1 : key.IndexOf(_delimiter, _prefix.Length, StringComparison.Ordinal);
        return at < 0 ? null : key[..(at + _delimiter.Length)];
    }

    public void PassBy(string key)
    {
        Lower = key;
        IsLowerIncluded = false;
    }

    public void SkipBelow(string commonPrefix)
    {
        IsLowerIncluded = true;
        if (Successor(commonPrefix) is { } next)
        {
            Lower = next;
        }
        else
        {
            IsAtEnd = true;
        }
    }

    /// <returns>The least text that is greater than all that begin with this one; null where there is none.</returns>
    public static string? Successor(string text)
    {
        var runes = text.EnumerateRunes().ToList();
        while (runes.Count > 0 && runes[^1].Value == 0x10FFFF)
        {
            runes.RemoveAt(runes.Count - 1);
        }

        if (runes.Count == 0)
        {
            return null;
        }

        // Surrogates are no characters.
        runes[^1] = new Rune(runes[^1].Value == 0xD7FF ? 0xE000 : runes[^1].Value + 1);
        return string.Concat(runes);
    }

    private static int Compare(string left, string right)
        => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
}
