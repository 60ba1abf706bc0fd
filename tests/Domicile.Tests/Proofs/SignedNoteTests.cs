using Domicile.Proofs;
using Xunit;

namespace Domicile.Tests.Proofs;

/// <summary>The notes that stand as examples in C2SP's signed-note and tlog-checkpoint are the first cases.</summary>
public sealed class SignedNoteTests
{
    private const string SpecificationNote = """
        Ognuno sta solo sul cuor della terra
        trafitto da un raggio di sole:

        ed è subito sera.

        — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=

        """;

    private const string SpecificationCheckpoint = """
        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

        """;

    [Fact]
    public void The_specifications_note_is_read_and_written_back()
    {
        Assert.True(SignedNote.TryParse(SpecificationNote, out var note));

        Assert.EndsWith("ed è subito sera.\n", note.Text, StringComparison.Ordinal);
        var signature = Assert.Single(note.Signatures);
        Assert.Equal("quasimodo.example/salvatore", signature.Name);
        Assert.Equal("367ba04b", signature.KeyId);
        Assert.Equal(64, signature.Signature.Length);
        Assert.Equal(SpecificationNote, note.ToString());
    }

    [Fact]
    public void The_specifications_checkpoint_is_read()
    {
        Assert.True(SignedNote.TryParse(SpecificationCheckpoint, out var note));
        Assert.True(Checkpoint.TryParse(note.Text, out var checkpoint));

        Assert.Equal("example.com/behind-the-sofa", checkpoint.Origin);
        Assert.Equal(20_852_163, checkpoint.Size);
        Assert.Equal("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", Convert.ToBase64String(checkpoint.Root));
        Assert.Equal(note.Text, checkpoint.ToText());
    }

    [Fact]
    public void A_checkpoint_opens_with_the_ledgers_key_only()
    {
        using var ledger = EcdsaSigner.Generate();
        using var other = EcdsaSigner.Generate();
        var note = new Checkpoint("example.com/log", 7, MerkleTree.EmptyRoot).Sign(ledger).ToString();

        Assert.True(Checkpoint.TryOpen(note, ledger.PublicKey, out var checkpoint));
        Assert.Equal(7, checkpoint.Size);
        Assert.False(Checkpoint.TryOpen(note, other.PublicKey, out _));
        Assert.False(Checkpoint.TryOpen(note.Replace("\n7\n", "\n8\n"), ledger.PublicKey, out _));
        Assert.False(Checkpoint.TryOpen(note.Replace("— example.com", "— example.org"), ledger.PublicKey, out _));
    }

    [Fact]
    public void A_line_of_an_unknown_key_is_passed_over_but_a_false_line_of_ours_is_not()
    {
        using var ledger = EcdsaSigner.Generate();
        using var witness = EcdsaSigner.Generate();
        var checkpoint = new Checkpoint("example.com/log", 7, MerkleTree.EmptyRoot);
        var note = checkpoint.Sign(ledger);
        var witnessed = note with
        {
            Signatures = [.. SignedNote.Sign(note.Text, "witness.example", witness).Signatures, .. note.Signatures],
        };
        var forged = note with
        {
            Signatures = [note.Signatures[0] with { Signature = witness.Sign("another text"u8) }, .. note.Signatures],
        };

        Assert.True(Checkpoint.TryOpen(witnessed.ToString(), ledger.PublicKey, out _));
        Assert.True(witnessed.IsSignedBy("witness.example", witness.PublicKey));
        Assert.False(Checkpoint.TryOpen(forged.ToString(), ledger.PublicKey, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("a\n")]
    [InlineData("a\n\n")]
    [InlineData("a\n\n\n")]
    [InlineData("a\n\n— n AAAAAAA=")]
    [InlineData("a\n\n— n AAAAAAA=\n\n")]
    [InlineData("a\n\n— n AAAAAAA=\nb\n")]
    [InlineData("a\n\n— n AAAAAA==\n")]
    [InlineData("a\n\n— n AAAAAAB=\n")]
    [InlineData("a\n\n— n AAAA AAA=\n")]
    [InlineData("a\n\n— n  AAAAAAA=\n")]
    [InlineData("a\n\n—  AAAAAAA=\n")]
    [InlineData("a\n\n— n+m AAAAAAA=\n")]
    [InlineData("a\n\n— n\u00a0m AAAAAAA=\n")]
    [InlineData("a\n\n- n AAAAAAA=\n")]
    [InlineData("a\r\n\r\n— n AAAAAAA=\r\n")]
    [InlineData("a\tb\n\n— n AAAAAAA=\n")]
    [InlineData("a\ud800\n\n— n AAAAAAA=\n")]
    public void What_is_no_note_is_refused(string note) => Assert.False(SignedNote.TryParse(note, out _));

    [Fact]
    public void The_smallest_note_is_read() => Assert.True(SignedNote.TryParse("a\n\n— n AAAAAAA=\n", out _));

    [Fact]
    public void Too_many_signatures_are_refused()
    {
        var sixteen = "a\n\n" + string.Concat(Enumerable.Repeat("— n AAAAAAA=\n", 16));

        Assert.True(SignedNote.TryParse(sixteen, out _));
        Assert.False(SignedNote.TryParse(sixteen + "— n AAAAAAA=\n", out _));
        Assert.False(SignedNote.TryParse(new string('a', SignedNote.LengthBytesMax) + sixteen, out _));
    }

    [Theory]
    [InlineData("o\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n-7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n+7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")]
    [InlineData("o\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n")]
    [InlineData("o\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n")]
    [InlineData("o\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o o\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    public void What_is_no_checkpoint_is_refused(string text) => Assert.False(Checkpoint.TryParse(text, out _));

    [Fact]
    public void What_can_not_be_in_a_note_is_not_signed()
    {
        using var signer = EcdsaSigner.Generate();

        Assert.Throws<ArgumentException>(() => SignedNote.Sign("no newline", "name", signer));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("text\n", "a name", signer));
        Assert.Throws<ArgumentException>(() => SignedNote.Sign("te\0xt\n", "name", signer));
    }
}
