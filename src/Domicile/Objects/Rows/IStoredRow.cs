using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Objects.Rows;

/// <summary>
/// One kind of an account's rows: how it lies in its table and in canonical bytes. Two rows are the same row if their
/// keys are equal; they are equal if their canonical bytes are.
/// </summary>
internal interface IStoredRow<TSelf>
    where TSelf : class, IStoredRow<TSelf>
{
    static abstract RowKind Kind { get; }

    /// <summary>Selects what <see cref="Read"/> reads, up to and without WHERE.</summary>
    static abstract string Select { get; }

    /// <summary>The primary key's columns, for enumeration in its order.</summary>
    static abstract string PrimaryKey { get; }

    static abstract TSelf Read(SqlRow reader);

    /// <exception cref="InvalidRowException">The bytes are not exactly one such row.</exception>
    static abstract TSelf Decode(ReadOnlySpan<byte> row);

    /// <summary>The stored row of a key as <see cref="RowKind"/> describes it; null where there is none.</summary>
    /// <exception cref="InvalidRowException">The text is no key of this kind.</exception>
    static abstract TSelf? Find(Sql sql, AccountId account, string key);

    long Seq { get; }

    string Key { get; }

    /// <summary>The contents that the row holds on to; empty for most kinds.</summary>
    IReadOnlyList<ContentPiece> Pieces { get; }

    /// <summary>What the row adds to its account's versions and bytes.</summary>
    RowSize Holds => default;

    byte[] Encode();

    /// <summary>Inserts the row, unless there is one of its key.</summary>
    /// <returns>Whether it was inserted.</returns>
    bool TryAdd(Sql sql, AccountId account);

    /// <summary>Overwrites the row of the same key, which is there.</summary>
    void Replace(Sql sql, AccountId account);

    void Remove(Sql sql, AccountId account);
}

/// <param name="Versions">1 of a version or delete marker, else 0.</param>
/// <param name="Bytes">Of plain content.</param>
internal readonly record struct RowSize(long Versions, long Bytes);
