using System.Text;
using System.Text.Json;
using Domicile.Proofs;
using Domicile.Proofs.Statements;
using Xunit;

namespace Domicile.Tests.Proofs;

public sealed class StatementTests
{
    private static readonly DateTimeOffset At = new(2030, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2));

    private static readonly RegionClaim Region = new(
        "beijing", "CN", new PartyClaim("Telecom", "CN"), new PartyClaim("Example", "US"), new CustodianClaim("local", "SG"));

    /// <summary>The examples of DSSE's protocol.md and of its reference implementation's tests.</summary>
    [Theory]
    [InlineData("http://example.com/HelloWorld", "hello world", "DSSEv1 29 http://example.com/HelloWorld 11 hello world")]
    [InlineData("", "", "DSSEv1 0  0 ")]
    [InlineData("http://example.com/HelloWorld", "ಠ", "DSSEv1 29 http://example.com/HelloWorld 3 ಠ")]
    public void The_signed_bytes_are_those_of_DSSE(string type, string payload, string expected)
        => Assert.Equal(
            expected,
            Encoding.UTF8.GetString(DsseEnvelope.PreAuthenticationEncoding(type, Encoding.UTF8.GetBytes(payload))));

    [Fact]
    public void A_statement_is_written_as_documented()
    {
        var statement = new Statement(
            new Subject("account", new string('0', 64)), new OperatorAccess("beijing", "ops-7", "listed <objects>", "ticket \"9\"", At));

        var expected = """
            {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"account","digest":{"sha256":"@"}}],
            "predicateType":"https://domicile.dev/predicates/operator-access/v1","predicate":{"region":"beijing","by":"ops-7",
            "action":"listed <objects>","reason":"ticket \"9\"","at":"2030-01-02T03:04:05.678Z"}}
            """.Replace("\n", "").Replace("@", new string('0', 64));
        Assert.Equal(expected, Encoding.UTF8.GetString(statement.ToBytes()));
    }

    [Fact]
    public void An_account_is_named_by_its_salted_hash_only()
    {
        // python3 -c "import hashlib; print(hashlib.sha256(bytes(range(32)) + b'abcdefghij234567').hexdigest())"
        byte[] salt = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        var subject = Subject.Account("abcdefghij234567", salt);

        Assert.Equal("account", subject.Name);
        Assert.Equal("1bcfe6c2a95df2998355d03331801bc8afbfbdba6bd60d53678ef2576ddd2e47", subject.Sha256);
        Assert.Throws<ArgumentOutOfRangeException>(() => Subject.Account("abcdefghij234567", salt.AsSpan(1)));
    }

    [Fact]
    public void Every_kind_of_statement_survives_being_signed_and_read()
    {
        using var signer = EcdsaSigner.Generate();
        var (move, hash) = (Guid.Parse("0190a6f2-7b3c-7def-8123-456789abcdef"), new string('f', 64));
        Predicate[] predicates =
        [
            new MoveDeparture(move, Region, "singapore", 1, 2, hash, 3, 4, At, At),
            new MoveArrival(move, Region, "beijing", 1, 2, 3, hash, 4, 5, At, hash),
            new Erasure(move, Region, 1, At, At, 2, 3, 4, 5, hash),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 0, 0, true, 6, 7)),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 0, null, true, 0, 0)),
            new Move(move, Region, Region, 1, 2, 3, hash, 4, 5, At, At, At, 6, 7, "rule", hash, hash, hash, hash, hash),
            new Reencryption(move, Region, 2, At, At, 0, 0, 0, hash),
            new Reencryption(move, Region, 2, At, null, 3, 4, 1, hash),
            new PolicyVersion(1, At, "ops"),
            new PlacementOverride(Region, 1, "taken over as it lay", At, "ops"),
            new OperatorAccess("beijing", "ops", "read", "ticket", At),
        ];

        foreach (var predicate in predicates)
        {
            var statement = new Statement(Subject.Policy("version: 1"u8), predicate);
            var bytes = DsseEnvelope.Sign(statement, signer).ToBytes();

            Assert.True(DsseEnvelope.TryParse(bytes, out var envelope, out var problem), problem);
            Assert.True(envelope.IsSignedBy(signer.PublicKey));
            Assert.True(envelope.TryReadStatement(out var read, out problem), problem);
            Assert.Equal(statement, read);
        }
    }

    // Receipts that were given out before an erasure said what it had looked at are as good as ever. Their text is written down
    // in docs/formats/example/receipt.json; here it is what an erasure without a check is.
    [Fact]
    public void An_erasure_of_a_release_that_said_nothing_of_a_check_has_its_old_form()
    {
        var old = new Statement(Subject.Policy([]), new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null));
        var text = Encoding.UTF8.GetString(old.ToBytes());

        Assert.EndsWith("\"filesChecked\":5,\"arrivalSha256\":null}}", text, StringComparison.Ordinal);
        Assert.True(Statement.TryParse(Encoding.UTF8.GetBytes(text), out var read, out var problem), problem);
        Assert.Equal(old, read);
        Assert.False(Statement.TryParse(
            Encoding.UTF8.GetBytes(text.Replace("\"arrivalSha256\":null", "\"arrivalSha256\":null,\"check\":null")), out _, out _));
    }

    [Fact]
    public void An_envelope_that_names_another_key_is_not_signed()
    {
        using var signer = EcdsaSigner.Generate();
        var envelope = DsseEnvelope.Sign(Access(), signer);

        Assert.True(envelope.IsSignedBy(signer.PublicKey));
        Assert.False((envelope with { KeyId = new string('0', 64) }).IsSignedBy(signer.PublicKey));
        Assert.False((envelope with { Payload = [.. envelope.Payload, (byte)' '] }).IsSignedBy(signer.PublicKey));
    }

    [Fact]
    public void What_no_statement_may_say_is_neither_signed_nor_read()
    {
        var hash = new string('f', 64);
        Predicate[] wrong =
        [
            new OperatorAccess("", "ops", "read", "ticket", At),
            new OperatorAccess("beijing", "ops", "read", new string('x', 513), At),
            new OperatorAccess("beijing", "ops", "read\u001b[2J", "ticket", At),
            new PolicyVersion(-1, At, "ops"),
            new PlacementOverride(Region with { Country = "cn" }, 1, "reason", At, "ops"),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, hash),
            new Erasure(Guid.Empty, Region, 1, At, At, 2, 3, 4, 5, null),
            new Erasure(null, Region, 1, At, At, -2, 3, 4, 5, null),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(1, 0, 0, true, 0, 0)),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 1, 0, true, 0, 0)),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 0, 1, true, 0, 0)),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 0, 0, false, 0, 0)),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 0, 0, true, -1, 0)),
            new Erasure(null, Region, 1, At, At, 2, 3, 4, 5, null, new ErasureCheck(0, 0, 0, true, 0, -1)),
            new MoveDeparture(Guid.Empty, Region, "singapore", 1, 2, hash.ToUpperInvariant(), 3, 4, At, At),
            new Reencryption(Guid.Empty, Region, 2, At, At, 1, 0, 0, hash),
            new Reencryption(Guid.Empty, Region, 2, At, At, 0, 1, 0, hash),
            new Reencryption(Guid.Empty, Region, 2, At, At, 0, 0, 1, hash),
            new Reencryption(Guid.Empty, Region, 2, At, null, -1, 0, 0, hash),
            new Reencryption(Guid.Empty, Region, 2, At, null, 1, 0, 0, "arrival"),
        ];
        foreach (var predicate in wrong)
        {
            Assert.Throws<ArgumentException>(() => new Statement(Subject.Policy([]), predicate).ToBytes());
        }

        var right = Encoding.UTF8.GetString(Access().ToBytes());
        Assert.True(Statement.TryParse(Encoding.UTF8.GetBytes(right), out _, out _));
        Assert.False(Statement.TryParse(Encoding.UTF8.GetBytes(right.Replace("\"ops\"", "\"\"")), out _, out _));
    }

    [Fact]
    public void A_statement_has_one_form_and_every_other_is_refused()
    {
        var right = Encoding.UTF8.GetString(Access().ToBytes());
        string[] wrong =
        [
            " " + right, right + "\n", right.Replace(":\"ops\"", ": \"ops\""), right.Replace("\"ops\"", "\"\\u006fps\""),
            right.Replace("\"by\":\"ops\",", "\"by\":\"ops\",\"by\":\"ops\","),
            right.Replace("\"by\":\"ops\",", ""), right.Replace("\"by\":\"ops\"", "\"by\":null"),
            right.Replace("\"by\":\"ops\"", "\"by\":7"), right.Replace("\"by\":\"ops\"", "\"By\":\"ops\""),
            right.Replace("\"by\":\"ops\"", "\"by\":\"\\ud800\""), right.Replace("\"by\"", "\"more\":1,\"by\""),
            right.Replace("Statement/v1", "Statement/v0.1"), right.Replace("operator-access/v1", "operator-access/v2"),
            right.Replace("\"name\":\"account\"", "\"name\":\"person\""), right.Replace(".678Z", "Z"),
            right.Replace(".678Z", ".678+00:00"), right.Replace("[{", "[null,{"), right.Replace("[{\"name\"", "[null],\"x\":[{\"name\""),
            right.Replace("\"predicate\":{", "\"predicate\":[{"), right[..^1], "null", "{}", "",
            JsonSerializer.Serialize(new { _type = Statement.TypeUri, subject = new object?[] { null }, predicateType = "x", predicate = 1 }),
            right[..right.IndexOf("\"predicate\":{", StringComparison.Ordinal)] + "\"predicate\":null}",
        ];

        foreach (var text in wrong)
        {
            Assert.False(Statement.TryParse(Encoding.UTF8.GetBytes(text), out _, out var problem), text);
            Assert.NotEmpty(problem);
        }
    }

    [Fact]
    public void An_envelope_has_one_form_and_every_other_is_refused()
    {
        using var signer = EcdsaSigner.Generate();
        var right = Encoding.UTF8.GetString(DsseEnvelope.Sign(Access(), signer).ToBytes());
        string[] wrong =
        [
            " " + right, right + "\n", right.Replace("[{", "[null,{"), right.Replace("[{", "[{},{"), "null", "{}", "", "[]",
            right.Replace("+json", "+xml"), right.Replace("\"keyid\":\"", "\"keyid\":\"0"), right.Replace("\"sig\":\"", "\"sig\":\"!"),
            right.Replace("\"payload\":\"", "\"payload\":\" "), right.Replace("\"payload\":\"e", "\"payload\":\"\\u0065"),
            right.Replace("\"signatures\":[", "\"signatures\":null,\"x\":["), new string('[', 1000),
        ];

        Assert.True(DsseEnvelope.TryParse(Encoding.UTF8.GetBytes(right), out _, out _));
        foreach (var text in wrong)
        {
            Assert.False(DsseEnvelope.TryParse(Encoding.UTF8.GetBytes(text), out _, out var problem), text);
            Assert.NotEmpty(problem);
        }

        Assert.False(DsseEnvelope.TryParse(new byte[200_000], out _, out _));
    }

    private static Statement Access()
        => new(Subject.Account("abcdefghij234567", new byte[32]), new OperatorAccess("beijing", "ops", "read", "ticket", At));
}
