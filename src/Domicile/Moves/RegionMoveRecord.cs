using System.Text.Json;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>What a region remembers of a move, for ever. Numbers are on disk: never renumber.</summary>
internal enum MoveOutcome : byte
{
    /// <summary>Target: it became the home. Nothing can change that.</summary>
    Activated = 1,

    /// <summary>Target: it never will in this move. Nothing can change that.</summary>
    Refused = 2,

    /// <summary>Source: a tombstone; data may be left.</summary>
    Departed = 3,

    /// <summary>Source: the move is over and changed nothing; it can't seal the account any more.</summary>
    Ended = 4,

    /// <summary>Source: nothing is left.</summary>
    Erased = 5,

    /// <summary>Source: no writes.</summary>
    Sealed = 6,

    /// <summary>Source: neither reads nor writes.</summary>
    Departing = 7,

    /// <summary>Source: it serves all, and the target may follow.</summary>
    Prepared = 8,

    /// <summary>Target: it is being filled.</summary>
    Arriving = 9,
}

internal enum MoveRole : byte
{
    Source = 1,
    Target = 2,
}

/// <param name="Statement">What this region signed: departure (source) or arrival (target). Refused: the reason, UTF-8.</param>
/// <param name="Erasure">What the source signed after erasing. At the target: from then on the source hands over nothing.</param>
internal sealed record RegionMoveRecord(
    Guid Move, MoveRole Role, MoveOutcome Outcome, long Epoch, RegionName Peer, long Seq, DateTimeOffset At,
    byte[]? Statement, byte[]? Erasure)
{
    private const string Columns = "move, role, outcome, epoch, peer, seq, at_ms, statement, erasure, signed_order";

    /// <summary>
    /// Control's signed order, JSON: what this region goes by, and shows to the other one where control is silent. Null in
    /// records of former releases, and of an account's end.
    /// </summary>
    public byte[]? SignedOrder { get; init; }

    /// <summary>The record that a step of this order begins with.</summary>
    public static RegionMoveRecord Of(
        MoveOrder order, MoveRole role, MoveOutcome outcome, long seq, DateTimeOffset at, byte[]? statement = null)
        => new(
            order.Move, role, outcome, order.Epoch, role == MoveRole.Source ? order.Target : order.Source, seq, at, statement, null)
        {
            SignedOrder = JsonSerializer.SerializeToUtf8Bytes(order, MovesJson.Default.MoveOrder),
        };

    /// <summary>Null where the record has none.</summary>
    public MoveOrder? ReadOrder()
        => SignedOrder is null ? null : JsonSerializer.Deserialize(SignedOrder, MovesJson.Default.MoveOrder);

    /// <summary>Whether an order is about what is recorded: same epoch, same other party.</summary>
    public bool Matches(MoveOrder order)
        => Epoch == order.Epoch && Peer == (Role == MoveRole.Source ? order.Target : order.Source);

    public static RegionMoveRecord? Find(Sql sql, AccountId account, Guid move, MoveRole role)
        => sql.Single(
            $"SELECT {Columns} FROM move_record WHERE account = @p1 AND move = @p2 AND role = @p3", Read,
            account.Value, move.ToString(), (int)role);

    /// <summary>The tombstone that an account's row goes back to: what the last departure from here left.</summary>
    public static RegionMoveRecord? FindLastDeparture(Sql sql, AccountId account)
        => sql.Single(
            $"SELECT {Columns} FROM move_record WHERE account = @p1 AND role = 1 AND outcome IN (3, 5) "
            + "ORDER BY epoch DESC LIMIT 1",
            Read, account.Value);

    /// <summary>What the latest move to here came to: by the order in which they were recorded, for clocks go back.</summary>
    public static RegionMoveRecord? FindLastArrival(Sql sql, AccountId account)
        => sql.Single(
            $"SELECT {Columns} FROM move_record WHERE account = @p1 AND role = 2 ORDER BY epoch DESC, rowid DESC LIMIT 1", Read,
            account.Value);

    public void Save(Sql sql, AccountId account)
        => sql.Execute(
            """
            INSERT INTO move_record (account, move, role, outcome, epoch, peer, seq, at_ms, statement, erasure, signed_order)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11)
            ON CONFLICT (account, move, role) DO UPDATE SET outcome = excluded.outcome, seq = excluded.seq,
              at_ms = excluded.at_ms, statement = excluded.statement, erasure = excluded.erasure,
              signed_order = excluded.signed_order
            """,
            account.Value, Move.ToString(), (int)Role, (int)Outcome, Epoch, Peer.Value, Seq, At.ToUnixTimeMilliseconds(),
            Statement, Erasure, SignedOrder);

    private static RegionMoveRecord Read(SqlRow row)
        => new(
            Guid.Parse(row.GetString(0)), (MoveRole)row.GetInt32(1), (MoveOutcome)row.GetInt32(2), row.GetInt64(3),
            RegionName.Parse(row.GetString(4)), row.GetInt64(5), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
            row.GetBytesOrNull(7), row.GetBytesOrNull(8))
        {
            SignedOrder = row.GetBytesOrNull(9),
        };
}
