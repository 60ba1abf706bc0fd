using Domicile.Proofs;
using Domicile.Proofs.Statements;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>A target's signed word on what it received under the source's keys: see docs/formats/receipt.md.</summary>
internal static class ReencryptionStatement
{
    /// <returns>
    /// Null where it has nothing to say: another move, or none, led to the account's present epoch here, the arrival isn't
    /// about this account with this salt, or it was activated by a release that drew no key.
    /// </returns>
    public static byte[]? TryMake(RegionContext region, AccountStore store, Guid move, byte[] salt)
    {
        var record = store.Read(sql => RegionMoveRecord.Find(sql, store.Account, move, MoveRole.Target));
        if (record is not { Outcome: MoveOutcome.Activated, Statement: { } bytes }
            || !DsseEnvelope.TryParse(bytes, out var envelope, out _)
            || !envelope.TryReadStatement(out var statement, out _)
            || statement.Predicate is not MoveArrival arrival
            || salt.Length != Subject.SaltLengthBytes
            || statement.Subject != Subject.Account(store.Account.Value, salt)
            || store.Row?.Epoch != arrival.EpochAfter)
        {
            return null;
        }

        // A rotation since then has the same former keys destroyed, only later: "at the latest" stays true.
        var keys = KeyRotation.Describe(store);
        return keys.NewKeyAt is null ? null : region.Sign(store.Account, salt, new Reencryption(
            move, region.Claim, arrival.EpochAfter, region.Time.GetUtcNow(), keys.EndedAt, keys.ContentsLeft, keys.BytesLeft,
            keys.Damaged, envelope.Sha256));
    }
}
