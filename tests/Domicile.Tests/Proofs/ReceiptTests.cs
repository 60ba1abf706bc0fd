using System.Text;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Xunit;

namespace Domicile.Tests.Proofs;

public sealed class ReceiptTests
{
    private static readonly string OtherHash = new('a', 64);

    [Fact]
    public void A_truthful_receipt_is_proven_and_every_check_passed()
    {
        using var sample = new SampleReceipt();

        var proven = Assert.IsType<ReceiptVerification.Proven>(sample.Verify());

        Assert.True(proven.LedgerIsTrusted);
        Assert.All(proven.Checks, check => Assert.Equal(CheckOutcome.Passed, check.Outcome));
        Assert.Equal(proven.Checks.Count, proven.Checks.Select(check => check.Name).Distinct().Count());
        Assert.Equal("singapore", proven.Statements.Move.To.Name);
    }

    [Fact]
    public void A_receipt_from_before_erasures_said_what_they_had_looked_at_is_as_good_as_ever()
    {
        using var sample = new SampleReceipt { SaysWhatWasLookedAt = false };

        Assert.Null(Assert.IsType<ReceiptVerification.Proven>(sample.Verify()).Statements.Erasure.Check);
    }

    // Goal: the ledger doesn't hold this word, so the target's key and the arrival's hash must bind it to the move.
    [Fact]
    public void A_word_on_encrypting_again_is_the_targets_and_of_this_move()
    {
        static SampleReceipt With(Func<Reencryption, Reencryption> change) => new() { ChangeReencryption = change };
        using var arrival = With(word => word with { ArrivalSha256 = OtherHash });
        using var move = With(word => word with { MoveId = Guid.Empty });
        using var region = With(word => word with { Region = word.Region with { Name = "beijing" } });
        using var epoch = With(word => word with { Epoch = 3 });
        using var early = With(word => word with { EndedAt = word.EndedAt!.Value.AddHours(-2) });
        using var stranger = new SampleReceipt();
        var receipt = stranger.Build();
        receipt = receipt with
        {
            Reencryption = DsseEnvelope.Sign(
                new Statement(Subject.Account(SampleReceipt.Account, stranger.Salt), SampleReceipt.Reencrypted(receipt.Arrival)),
                stranger.Source),
        };

        const string IsOfMove = "re-encryption is of this move";
        AssertRefuted(arrival.Verify(), IsOfMove);
        AssertRefuted(move.Verify(), IsOfMove);
        AssertRefuted(region.Verify(), IsOfMove);
        AssertRefuted(epoch.Verify(), IsOfMove);
        AssertRefuted(early.Verify(), "what came is encrypted again");
        AssertRefuted(
            ReceiptVerification.Verify(receipt.ToBytes(), stranger.Ledger.PublicKey), "re-encryption signed by the target");
    }

    [Fact]
    public void Without_a_word_on_encrypting_again_it_is_proven_and_says_what_is_missing()
    {
        using var sample = new SampleReceipt { WithReencryption = false };

        var proven = Assert.IsType<ReceiptVerification.Proven>(sample.Verify());

        var left = Assert.Single(proven.Checks, check => check.Outcome != CheckOutcome.Passed);
        Assert.Equal(("what came is encrypted again", CheckOutcome.NotChecked), (left.Name, left.Outcome));
        Assert.DoesNotContain("reencryption", Encoding.UTF8.GetString(sample.ToBytes()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(8, 7)]
    [InlineData(100, 0)]
    [InlineData(101, 100)]
    public void It_is_proven_wherever_in_the_ledger_it_lies(int leaves, int index)
    {
        using var sample = new SampleReceipt { Leaves = leaves, LeafIndex = index };

        Assert.IsType<ReceiptVerification.Proven>(sample.Verify());
    }

    [Fact]
    public void Without_a_trusted_key_it_says_that_the_ledger_is_not_trusted()
    {
        using var sample = new SampleReceipt();

        var proven = Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(sample.ToBytes(), null));

        Assert.False(proven.LedgerIsTrusted);
        Assert.Contains(proven.Checks, check => check.Outcome == CheckOutcome.NotChecked);
    }

    [Fact]
    public void A_ledger_of_someone_else_is_refused()
    {
        using var sample = new SampleReceipt();
        using var other = EcdsaSigner.Generate();

        AssertRefuted(ReceiptVerification.Verify(sample.ToBytes(), other.PublicKey), "ledger's key is the one you trust");
    }

    [Fact]
    public void Without_an_opening_it_names_no_account_anywhere()
    {
        using var sample = new SampleReceipt { WithOpening = false };
        var file = sample.Build();

        Assert.IsType<ReceiptVerification.Proven>(sample.Verify());
        byte[][] texts =
        [
            file.ToBytes(), file.Departure.Payload, file.Arrival.Payload, file.Erasure.Payload, file.Move.Payload,
            file.Reencryption!.Payload,
        ];
        Assert.All(texts, text => Assert.DoesNotContain(SampleReceipt.Account, Encoding.UTF8.GetString(text)));
    }

    [Fact]
    public void An_opening_for_another_account_is_refused()
    {
        using var sample = new SampleReceipt();
        var receipt = sample.Build();
        receipt = receipt with { Opening = receipt.Opening! with { Account = "abcdefghij234566" } };

        AssertRefuted(
            ReceiptVerification.Verify(receipt.ToBytes(), sample.Ledger.PublicKey), "the account is the one named");
    }

    [Fact]
    public void Another_move_in_one_statement_is_refused()
    {
        using var sample = new SampleReceipt
        {
            ChangeErasure = erasure => erasure with { MoveId = Guid.Parse("0190a6f2-7b3c-7def-8123-000000000000") },
        };

        AssertRefuted(sample.Verify(), "all statements are of one move");
    }

    [Fact]
    public void Another_account_in_one_statement_is_refused()
    {
        using var sample = new SampleReceipt
        {
            ChangeSubject = (place, subject) => place == "erasure" ? subject with { Sha256 = OtherHash } : subject,
        };

        AssertRefuted(sample.Verify(), "all statements are about one account");
    }

    [Fact]
    public void A_target_that_held_something_else_is_refused()
    {
        using var digest = new SampleReceipt { ChangeArrival = arrival => arrival with { SetDigest = OtherHash } };
        using var seq = new SampleReceipt { ChangeArrival = arrival => arrival with { FinalSeq = arrival.FinalSeq - 1 } };
        using var bytes = new SampleReceipt { ChangeArrival = arrival => arrival with { Bytes = arrival.Bytes + 1 } };

        AssertRefuted(digest.Verify(), "source and target held the same");
        AssertRefuted(seq.Verify(), "up to the same write");
        AssertRefuted(bytes.Verify(), "sizes agree");
    }

    [Fact]
    public void Epochs_that_skip_or_stand_still_are_refused()
    {
        using var skipping = new SampleReceipt
        {
            ChangeArrival = arrival => arrival with { EpochAfter = 5 },
            ChangeMove = move => move with { EpochAfter = 5 },
        };
        using var standing = new SampleReceipt { ChangeMove = move => move with { EpochBefore = 4 } };
        using var erasingTheNew = new SampleReceipt { ChangeErasure = erasure => erasure with { Epoch = 4 } };

        AssertRefuted(skipping.Verify(), "the epoch went up by one");
        AssertRefuted(standing.Verify(), "the epoch went up by one");
        AssertRefuted(erasingTheNew.Verify(), "the epoch went up by one");
    }

    [Fact]
    public void An_erasure_that_did_not_know_of_the_arrival_is_refused()
    {
        using var sample = new SampleReceipt { ChangeErasure = erasure => erasure with { ArrivalSha256 = OtherHash } };

        AssertRefuted(sample.Verify(), "erased after it arrived, arrived after it departed");
    }

    [Fact]
    public void An_erasure_long_before_the_arrival_is_refused_but_clocks_may_disagree_a_little()
    {
        static Func<Erasure, Erasure> Earlier(TimeSpan by) => erasure => erasure with
        {
            KeyDestroyedAt = erasure.KeyDestroyedAt - by,
            ErasedAt = erasure.ErasedAt - by,
        };
        static Func<Move, Move> MoveEarlier(TimeSpan by) => move => move with { ErasedAt = move.ErasedAt - by };
        var (little, much) = (TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(6));
        using var skewed = new SampleReceipt { ChangeErasure = Earlier(little), ChangeMove = MoveEarlier(little) };
        using var early = new SampleReceipt { ChangeErasure = Earlier(much), ChangeMove = MoveEarlier(much) };

        Assert.IsType<ReceiptVerification.Proven>(skewed.Verify());
        AssertRefuted(early.Verify(), "times are possible");
    }

    [Fact]
    public void Regions_that_contradict_each_other_are_refused()
    {
        using var operatorChanged = new SampleReceipt
        {
            ChangeMove = move => move with { To = move.To with { Operator = new PartyClaim("Amazon", "DE") } },
        };
        using var elsewhere = new SampleReceipt { ChangeDeparture = departure => departure with { To = "california" } };

        AssertRefuted(operatorChanged.Verify(), "all statements name the same regions");
        AssertRefuted(elsewhere.Verify(), "all statements name the same regions");
    }

    [Fact]
    public void A_party_in_two_roles_is_refused()
    {
        using var source = EcdsaSigner.Generate();
        using var sample = new SampleReceipt { Source = source, Target = source };

        AssertRefuted(sample.Verify(), "source, target and control have keys of their own");
    }

    [Fact]
    public void A_statement_signed_in_the_wrong_role_is_refused()
    {
        using var sample = new SampleReceipt();
        var receipt = sample.Build();
        var swapped = receipt with { Keys = receipt.Keys with { Source = receipt.Keys.Target, Target = receipt.Keys.Source } };

        var refuted = AssertRefuted(
            ReceiptVerification.Verify(swapped.ToBytes(), sample.Ledger.PublicKey), "departure signed by the source");
        Assert.Contains(refuted.Checks, check => check is { Name: "control names the regions' keys", Outcome: CheckOutcome.Failed });
    }

    [Fact]
    public void A_move_that_names_other_statements_is_refused()
    {
        using var sample = new SampleReceipt { ChangeMove = move => move with { ErasureSha256 = OtherHash } };

        AssertRefuted(sample.Verify(), "move names the three statements");
    }

    [Fact]
    public void A_move_that_is_not_in_the_ledger_is_refused()
    {
        using var sample = new SampleReceipt();
        var (mine, other) = (sample.Build(), sample.Build());
        var unlogged = mine with { Ledger = other.Ledger };

        AssertRefuted(
            ReceiptVerification.Verify(unlogged.ToBytes(), sample.Ledger.PublicKey), "move is a leaf of the ledger");
    }

    [Fact]
    public void Statements_in_each_others_places_are_unreadable()
    {
        using var sample = new SampleReceipt();
        var receipt = sample.Build();
        var mixed = receipt with { Departure = receipt.Erasure };

        Assert.IsType<ReceiptVerification.Unreadable>(ReceiptVerification.Verify(mixed.ToBytes(), null));
    }

    [Fact]
    public void No_byte_can_be_changed_removed_or_added()
    {
        using var sample = new SampleReceipt();
        var file = sample.ToBytes();

        for (var at = 0; at < file.Length; at += 5)
        {
            byte[][] wrong =
            [
                [.. file[..at], (byte)(file[at] ^ 1), .. file[(at + 1)..]],
                [.. file[..at], .. file[(at + 1)..]],
                [.. file[..at], (byte)' ', .. file[at..]],
            ];
            foreach (var changed in wrong)
            {
                Assert.IsNotType<ReceiptVerification.Proven>(ReceiptVerification.Verify(changed, sample.Ledger.PublicKey));
            }
        }
    }

    [Fact]
    public void Any_other_file_is_unreadable_and_never_an_exception()
    {
        using var sample = new SampleReceipt();
        var file = Encoding.UTF8.GetString(sample.ToBytes());
        string[] wrong =
        [
            "", "null", "[]", "{}", "{\"format\":1}", "\ufeff" + file, file + file, file.Replace("\n", "\r\n"),
            file.Replace("receipt/v1", "receipt/v2"), file.Replace("\"keyid\"", "\"keyId\""),
            file.Replace("\"leafIndex\": 6", "\"leafIndex\": 6.0"), file.Replace("\"leafIndex\": 6", "\"leafIndex\": 1e99"),
            file.Replace("\"leafIndex\": 6", "\"leafIndex\": 6,\n    \"leafIndex\": 6"),
            file.Replace(SampleReceipt.Account, "\\ud800"), file.Replace("domicile.example", "\\ud800"),
            file.Replace("\"opening\": {", "\"opening\": [{"), new string('[', 100_000),
            new string(' ', Receipt.LengthBytesMax + 1),
        ];

        foreach (var text in wrong)
        {
            Assert.IsType<ReceiptVerification.Unreadable>(ReceiptVerification.Verify(Encoding.UTF8.GetBytes(text), null));
        }

        Assert.IsType<ReceiptVerification.Unreadable>(ReceiptVerification.Verify([0xff, 0xfe, 0x22], null));
    }

    private static ReceiptVerification.Refuted AssertRefuted(ReceiptVerification verification, string check)
    {
        var refuted = Assert.IsType<ReceiptVerification.Refuted>(verification);
        Assert.Contains(refuted.Checks, found => found.Name == check && found.Outcome == CheckOutcome.Failed);
        return refuted;
    }
}
