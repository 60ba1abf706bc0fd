using Domicile.Objects;
using Domicile.Objects.Rows;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class RowTests
{
    private static readonly VersionRow Version = new(
        "docs", "k", 5, "null", 300, false, 1_700_000_000_000, 3, "e",
        """{"pieces":[{"contentId":"c","offsetBytes":0,"lengthBytes":3}]}""");

    /// <summary>By hand, after docs/formats/rows.md.</summary>
    [Fact]
    public void A_row_is_written_as_the_format_says()
        => Assert.Equal(
            [
                1, 1, // format, kind
                4, (byte)'d', (byte)'o', (byte)'c', (byte)'s',
                0xAC, 0x02, // seq 300
                0x80, 0x01, // created 128
                2, // suspended
                2, (byte)'{', (byte)'}',
            ],
            new BucketRow("docs", 300, 128, Versioning.Suspended, "{}").Encode());

    [Fact]
    public void Every_kind_comes_back_as_it_went()
    {
        AssertRoundTrip(new BucketRow("docs", 1, 2, Versioning.Enabled, """{"a":"b"}"""));
        AssertRoundTrip(Version);
        AssertRoundTrip(Version with { IsMarker = true, Size = 0, ETag = "", Document = "{}", Name = "z\0\U0010FFFF" });
        AssertRoundTrip(new UploadRow("docs", "k", "u", 1, 2, """{"headers":{"metadata":{}},"checksumIsComposite":false}"""));
        AssertRoundTrip(new PartRow("u", 10_000, 1, 0, "e", long.MaxValue, "{}"));
        AssertRoundTrip(new CredentialRow("DK", 1, 2, "label", [1, 2, 3]));
        var inline = new ContentRow(new string('c', 26), 1, 2, new byte[18]);
        Assert.Equal(inline.Encode(), ContentRow.Decode(inline.Encode()).Encode());
        var inFile = new ContentRow(new string('c', 26), 1, 2, null);
        Assert.False(ContentRow.Decode(inFile.Encode()).IsInline);
    }

    [Fact]
    public void A_row_that_is_cut_or_prolonged_anywhere_is_refused()
    {
        var bytes = Version.Encode();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidRowException>(() => VersionRow.Decode(bytes.AsSpan(0, length)));
        }

        Assert.Throws<InvalidRowException>(() => VersionRow.Decode([.. bytes, 0]));
    }

    // Canonical: whatever is accepted has no other bytes.
    [Fact]
    public void Random_damage_is_refused_or_is_another_row_in_canonical_bytes()
    {
        var random = new Random(1);
        var whole = Version.Encode();
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Assert.Equal(bytes, VersionRow.Decode(bytes).Encode());
            }
            catch (InvalidRowException)
            {
                // The other permitted outcome.
            }
        }
    }

    [Fact]
    public void What_no_source_would_send_is_refused()
    {
        AssertRefused(Version with { Size = 4 });
        AssertRefused(Version with { Size = 2 });
        AssertRefused(Version with { Born = 301 });
        AssertRefused(Version with { Bucket = "a\0b" });
        AssertRefused(Version with { Name = "" });
        AssertRefused(Version with { IsMarker = true });
        AssertRefused(Version with { Document = "{" });
        AssertRefused(Version with { Document = """{"pieces":[null]}""" });
        AssertRefused(Version with { Document = """{"pieces":[{"contentId":"c","offsetBytes":-1,"lengthBytes":3}]}""" });
        AssertRefused(Version with { Document = Version.Document.Replace("0,", "9223372036854775807,", StringComparison.Ordinal) });
        AssertRefused(Version with { Document = Version.Document.Replace("{\"p", "{\"q", StringComparison.Ordinal) });
        AssertRefused(Version with { Size = 0, Document = """{"tags":{"a":null}}""" });
        AssertRefused(Version with { Size = 0, Document = """{"checksums":[{"algorithm":9,"value":"","isComposite":false}]}""" });
        AssertRefused(new BucketRow("docs", 1, 2, (Versioning)3, "{}"));
        AssertRefused(new PartRow("u", 10_001, 1, 0, "e", 1, "{}"));
        AssertRefused(new UploadRow("docs", "k", "u\0", 1, 2, "{}"));
    }

    [Fact]
    public void A_row_of_another_kind_is_refused()
        => Assert.Throws<InvalidRowException>(() => BucketRow.Decode(Version.Encode()));

    [Fact]
    public void A_version_id_tells_its_born_and_nothing_else_passes_for_one()
    {
        Assert.True(VersionIds.TryGetBorn(VersionIds.New(1L << 40), out var born));
        Assert.Equal(1L << 40, born);
        Assert.False(VersionIds.TryGetBorn("null", out _));
        Assert.False(VersionIds.TryGetBorn(new string('A', 32), out _));
        Assert.False(VersionIds.TryGetBorn(new string('a', 32), out _));
        Assert.False(VersionIds.TryGetBorn(new string('7', 32), out _));
    }

    private static void AssertRoundTrip<T>(T row)
        where T : class, IStoredRow<T>
        => Assert.Equal(row.Encode(), T.Decode(row.Encode()).Encode());

    private static void AssertRefused<T>(T row)
        where T : class, IStoredRow<T>
        => Assert.Throws<InvalidRowException>(() => T.Decode(row.Encode()));
}
