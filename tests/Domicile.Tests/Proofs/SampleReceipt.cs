using System.Globalization;
using System.Text;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;

namespace Domicile.Tests.Proofs;

/// <summary>
/// A truthful receipt of one move, with fresh keys, and the means to make it lie: each statement can be changed before
/// it is signed, so that all signatures hold and only the truth is missing.
/// </summary>
internal sealed class SampleReceipt : IDisposable
{
    public const string Account = "abcdefghij234567";
    public const string Origin = "domicile.example/demo";

    private static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public EcdsaSigner Source { get; init; } = EcdsaSigner.Generate();

    public EcdsaSigner Target { get; init; } = EcdsaSigner.Generate();

    public EcdsaSigner Control { get; init; } = EcdsaSigner.Generate();

    public EcdsaSigner Ledger { get; init; } = EcdsaSigner.Generate();

    public byte[] Salt { get; } = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    public Func<MoveDeparture, MoveDeparture> ChangeDeparture { get; init; } = departure => departure;

    public Func<MoveArrival, MoveArrival> ChangeArrival { get; init; } = arrival => arrival;

    public Func<Erasure, Erasure> ChangeErasure { get; init; } = erasure => erasure;

    public Func<Move, Move> ChangeMove { get; init; } = move => move;

    public Func<Reencryption, Reencryption> ChangeReencryption { get; init; } = reencryption => reencryption;

    public Func<string, Subject, Subject> ChangeSubject { get; init; } = (_, subject) => subject;

    /// <summary>False: as releases wrote it that did not say what they had looked at.</summary>
    public bool SaysWhatWasLookedAt { get; init; } = true;

    /// <summary>False: as releases wrote it that drew no key at a new home, and where the target has said nothing.</summary>
    public bool WithReencryption { get; init; } = true;

    public bool WithOpening { get; init; } = true;

    public int Leaves { get; init; } = 11;

    public int LeafIndex { get; init; } = 6;

    private static RegionClaim Beijing { get; } = new(
        "beijing", "CN", new PartyClaim("China Telecom", "CN"), new PartyClaim("Example \"Phones\" & Söhne", "CN"),
        new CustodianClaim("local", "CN"));

    private static RegionClaim Singapore { get; } = new(
        "singapore", "SG", new PartyClaim("Amazon", "US"), new PartyClaim("Example", "CN"),
        new CustodianClaim("local", "SG"));

    private static Guid MoveId { get; } = Guid.Parse("0190a6f2-7b3c-7def-8123-456789abcdef");

    private static string Digest
    {
        get
        {
            var digest = SetDigest.Empty;
            digest.Add("a row"u8);
            return digest.Fingerprint();
        }
    }

    public Receipt Build()
    {
        var departure = SignDeparture();
        var arrival = SignArrival(departure);
        var erasure = SignErasure(arrival);
        var move = SignMove(departure, arrival, erasure);
        var keys = new ReceiptKeys(Source.PublicKey, Target.PublicKey, Control.PublicKey, Ledger.PublicKey);
        return new Receipt(
            departure, arrival, erasure, move, keys, ProofOf(move), WithOpening ? new AccountOpening(Account, Salt) : null,
            WithReencryption ? SignReencryption(arrival) : null);
    }

    public byte[] ToBytes() => Build().ToBytes();

    public ReceiptVerification Verify() => ReceiptVerification.Verify(ToBytes(), Ledger.PublicKey);

    /// <summary>The truthful word of the target: all is encrypted again.</summary>
    public static Reencryption Reencrypted(DsseEnvelope arrival)
        => new(MoveId, Singapore, 4, Start.AddHours(2), Start.AddHours(1), 0, 0, 0, arrival.Sha256);

    public void Dispose()
    {
        Source.Dispose();
        Target.Dispose();
        Control.Dispose();
        Ledger.Dispose();
    }

    private DsseEnvelope SignDeparture()
        => Sign("departure", Source, ChangeDeparture(new MoveDeparture(
            MoveId, Beijing, "singapore", 3, 4711, Digest, 12, 3_456_789, Start.AddSeconds(10), Start.AddSeconds(11))));

    private DsseEnvelope SignArrival(DsseEnvelope departure)
        => Sign("arrival", Target, ChangeArrival(new MoveArrival(
            MoveId, Singapore, "beijing", 3, 4, 4711, Digest, 12, 3_456_789, Start.AddSeconds(11.25), departure.Sha256)));

    private DsseEnvelope SignErasure(DsseEnvelope arrival)
        => Sign("erasure", Source, ChangeErasure(new Erasure(
            MoveId, Beijing, 3, Start.AddSeconds(12), Start.AddSeconds(13), 40, 9, 3_460_000, 17, arrival.Sha256,
            SaysWhatWasLookedAt ? new ErasureCheck(0, 0, 0, true, 3, 1) : null)));

    private DsseEnvelope SignReencryption(DsseEnvelope arrival)
        => Sign("reencryption", Target, ChangeReencryption(Reencrypted(arrival)));

    private DsseEnvelope SignMove(DsseEnvelope departure, DsseEnvelope arrival, DsseEnvelope erasure)
        => Sign("move", Control, ChangeMove(new Move(
            MoveId, Beijing, Singapore, 3, 4, 4711, Digest, 12, 3_456_789, Start, Start.AddSeconds(11.25),
            Start.AddSeconds(13), 38, 2, "Everyone else leaves", Source.PublicKey.KeyId, Target.PublicKey.KeyId,
            departure.Sha256, arrival.Sha256, erasure.Sha256)));

    private DsseEnvelope Sign(string place, EcdsaSigner signer, Predicate predicate)
        => DsseEnvelope.Sign(new Statement(ChangeSubject(place, Subject.Account(Account, Salt)), predicate), signer);

    private LedgerProof ProofOf(DsseEnvelope move)
    {
        var leaves = Enumerable.Range(0, Leaves)
            .Select(i => MerkleTree.HashLeaf(Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture))))
            .ToArray();
        leaves[LeafIndex] = MerkleTree.HashLeaf(move.ToBytes());
        byte[][] proof =
        [
            .. MerkleTree.InclusionPath(LeafIndex, Leaves)
                .Select(range => MerkleTree.Root(leaves.AsSpan((int)range.Start, (int)(range.End - range.Start)))),
        ];
        var note = new Checkpoint(Origin, Leaves, MerkleTree.Root(leaves)).Sign(Ledger).ToString();
        return new LedgerProof(LeafIndex, Leaves, proof, note);
    }
}
