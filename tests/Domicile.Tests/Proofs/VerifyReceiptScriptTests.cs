using System.Diagnostics;
using System.Text;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Xunit;

namespace Domicile.Tests.Proofs;

/// <summary>
/// A receipt must verify without any of our code: docs/formats/verify-receipt.sh, run by the real shell with the real
/// openssl and sha256sum, over receipts that the engine's own types made.
/// </summary>
public sealed class VerifyReceiptScriptTests : IDisposable
{
    private static readonly string Formats = Path.Combine(Repository.Root, "docs", "formats");

    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-receipt-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>One byte in each part: the text before it, how far behind its start, the byte that replaces it.</summary>
    public static TheoryData<string, int, int> Tamperings
        => new()
        {
            { "\"format\": \"", 3, 0 },
            { "\"departure\": {\n    \"payloadType\": \"", 3, 0 },
            { "\"departure\": {\n    \"payloadType\": \"application/vnd.in-toto+json\",\n    \"payload\": \"", 200, 0 },
            { "\"arrival\": {\n    \"payloadType\": \"application/vnd.in-toto+json\",\n    \"payload\": \"", 200, 0 },
            { "\"erasure\": {\n    \"payloadType\": \"application/vnd.in-toto+json\",\n    \"payload\": \"", 200, 0 },
            { "\"move\": {\n    \"payloadType\": \"application/vnd.in-toto+json\",\n    \"payload\": \"", 200, 0 },
            { "\"reencryption\": {\n    \"payloadType\": \"application/vnd.in-toto+json\",\n    \"payload\": \"", 200, 0 },
            { "\"reencryption\"", -3, 0 },
            { "\"keyid\": \"", 9, 0 },
            { "\"sig\": \"", 20, 0 },
            { "\"source\": \"", 80, 0 },
            { "\"target\": \"", 80, 0 },
            { "\"control\": \"", 80, 0 },
            { "\"keys\": {\n    \"source\": \"", -4, 0 },
            { "\"leafIndex\": ", 0, '7' },
            { "\"treeSize\": ", 1, '2' },
            { "\"inclusionProof\": [\n      \"", 7, 0 },
            { "\"checkpoint\": \"", 3, 0 },
            { "\"checkpoint\": \"domicile.example/demo\\n", 1, '2' },
            { "\"checkpoint\": \"domicile.example/demo\\n11\\n", 9, 0 },
            { "— domicile.example/demo ", 2, 0 },
            { "— domicile.example/demo ", 40, 0 },
            { "\"account\": \"", 5, 0 },
            { "\"salt\": \"", 5, 0 },
        };

    [Fact]
    public async Task A_truthful_receipt_verifies()
    {
        using var sample = new SampleReceipt();

        var (exitCode, output) = await RunAsync(sample.ToBytes(), sample.Ledger.PublicKey);

        Assert.True(exitCode == 0, output);
        Assert.EndsWith("receipt: OK\n", output, StringComparison.Ordinal);
        Assert.Contains("ok      the ledger's key is the one you trust", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 4)]
    [InlineData(64, 33)]
    public async Task It_verifies_wherever_in_the_ledger_it_lies_and_without_naming_its_account(int leaves, int index)
    {
        using var sample = new SampleReceipt { Leaves = leaves, LeafIndex = index, WithOpening = false };

        var (exitCode, output) = await RunAsync(sample.ToBytes(), null);

        Assert.True(exitCode == 0, output);
    }

    // Method: without the word, as releases wrote it that had none; and while something is still to be encrypted.
    [Fact]
    public async Task The_word_on_encrypting_again_may_be_left_out_and_may_be_not_yet()
    {
        using var without = new SampleReceipt { WithReencryption = false };
        using var notYet = new SampleReceipt
        {
            ChangeReencryption = word => word with { EndedAt = null, ContentsLeft = 17, BytesLeft = 3_456 },
        };

        var unsaid = await RunAsync(without.ToBytes(), without.Ledger.PublicKey);
        var going = await RunAsync(notYet.ToBytes(), notYet.Ledger.PublicKey);

        Assert.True(unsaid.ExitCode == 0, unsaid.Output);
        Assert.Contains("-       what came is encrypted again: the receipt doesn't say", unsaid.Output, StringComparison.Ordinal);
        Assert.True(going.ExitCode == 0, going.Output);
        Assert.Contains("not yet at 2030-01-01T14:00:00.000Z, 17 contents left", going.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task One_changed_byte_in_any_part_fails(string before, int offset, int replacement)
    {
        using var sample = new SampleReceipt();
        var file = sample.ToBytes();
        var at = file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(before)) + Encoding.UTF8.GetByteCount(before) + offset;
        file[at] = replacement != 0 ? (byte)replacement : file[at] == 'A' ? (byte)'B' : (byte)'A';

        var (exitCode, output) = await RunAsync(file, sample.Ledger.PublicKey);

        Assert.True(exitCode == 1, output);
        Assert.Contains("FAILED", output, StringComparison.Ordinal);
        Assert.DoesNotContain("receipt: OK", output, StringComparison.Ordinal);
    }

    /// <summary>
    /// The golden file: receipts outlive the program that wrote them. If this fails, the format has changed, and needs a
    /// new version beside this one.
    /// </summary>
    [Fact]
    public async Task The_documented_example_verifies_here_and_there()
    {
        var example = Path.Combine(Formats, "example");
        var file = await File.ReadAllBytesAsync(Path.Combine(example, "receipt.json"), Token);
        var pem = await File.ReadAllTextAsync(Path.Combine(example, "ledger.pem"), Token);
        Assert.True(PublicKey.TryFromPem(pem, out var ledger));

        var (exitCode, output) = await RunAsync(file, ledger);

        Assert.True(exitCode == 0, output);
        var proven = Assert.IsType<ReceiptVerification.Proven>(ReceiptVerification.Verify(file, ledger));
        Assert.Equal(38, proven.Statements.Move.PauseMs);

        // The same statements are written in the same bytes today. (Signatures differ each time, as ECDSA's do.)
        using var sample = new SampleReceipt();
        Assert.Equal(proven.Receipt.Departure.Payload, sample.Build().Departure.Payload);
    }

    [Fact]
    public async Task Another_ledgers_key_fails()
    {
        using var sample = new SampleReceipt();
        using var other = EcdsaSigner.Generate();

        var (exitCode, output) = await RunAsync(sample.ToBytes(), other.PublicKey);

        Assert.True(exitCode == 1, output);
        Assert.Contains("FAILED  the ledger's key is the one you trust", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signed_lies_fail()
    {
        var other = new string('a', 64);
        SampleReceipt[] lies =
        [
            new() { ChangeArrival = arrival => arrival with { SetDigest = other } },
            new() { ChangeArrival = arrival => arrival with { FinalSeq = 1 } },
            new() { ChangeErasure = erasure => erasure with { ArrivalSha256 = other } },
            new() { ChangeErasure = erasure => erasure with { MoveId = Guid.Empty } },
            new() { ChangeErasure = erasure => erasure with { Region = erasure.Region with { Country = "TW" } } },
            new() { ChangeMove = move => move with { EpochAfter = 9 }, ChangeArrival = arrival => arrival with { EpochAfter = 9 } },
            new() { ChangeMove = move => move with { FromKey = other } },
            new() { ChangeMove = move => move with { ErasedAt = move.ErasedAt.AddMilliseconds(1) } },
            new() { ChangeDeparture = departure => departure with { To = "california" } },
            new() { ChangeMove = move => move with { DepartureSha256 = other } },
            new() { ChangeReencryption = word => word with { ArrivalSha256 = other } },
            new() { ChangeReencryption = word => word with { Epoch = 5 } },
            new() { ChangeReencryption = word => word with { MoveId = Guid.Empty } },
            new() { ChangeReencryption = word => word with { Region = word.Region with { Country = "TW" } } },
            new() { ChangeSubject = (place, subject) => place == "reencryption" ? subject with { Sha256 = other } : subject },
            new() { ChangeSubject = (place, subject) => place == "arrival" ? subject with { Sha256 = other } : subject },
        ];

        foreach (var lie in lies)
        {
            var (exitCode, output) = await RunAsync(lie.ToBytes(), lie.Ledger.PublicKey);
            Assert.True(exitCode == 1, output);
            lie.Dispose();
        }
    }

    /// <summary>What is put behind the checkpoint's signature line, as it stands in the file, and whether it may stand there.</summary>
    public static TheoryData<string, bool> NoteEndings
        => new()
        {
            { "", true },

            // Lines of other keys are passed over (C2SP signed-note), if they are lines of a note.
            { "— witness.example AAAAAAAA\\n", true },
            { "— domicile.example/demo AAAAAAAA\\n", true },
            { "— domicile.example/demo AAAAAAAB\\n", true },
            { "— witness.example AAAAAAA=\\n", true },
            { string.Concat(Enumerable.Repeat("— witness.example AAAAAAAA\\n", 15)), true },
            { string.Concat(Enumerable.Repeat("— witness.example AAAAAAAA\\n", 16)), false },
            { "— witness.example AAAAAAB=\\n", false },
            { "— witness.example AAAA\\n", false },
            { "— witness.example AAAAAAA\\n", false },
            { "— witness.example  AAAAAAAA\\n", false },
            { "— witness+example AAAAAAAA\\n", false },
            { "— AAAAAAAA\\n", false },
            { "- witness.example AAAAAAAA\\n", false },
            { "— witness.example AAAAAAAA", false },
            { "words\\n", false },
            { "\\n", false },
            { "\\\\", false },
            { "\\", false },
            { "\\\\n", false },
            { "\\t\\n", false },
            { "\\u000a", false },
        };

    [Theory]
    [MemberData(nameof(NoteEndings))]
    public async Task Script_and_verify_read_the_same_end_of_a_checkpoint(string ending, bool mayStand)
    {
        using var sample = new SampleReceipt();
        var text = Encoding.UTF8.GetString(sample.ToBytes());
        var end = text.IndexOf("\"\n", text.IndexOf("\"checkpoint\": \"", StringComparison.Ordinal) + 15, StringComparison.Ordinal);
        var file = Encoding.UTF8.GetBytes(text.Insert(end, ending));

        var (exitCode, output) = await RunAsync(file, sample.Ledger.PublicKey);

        Assert.True(mayStand == (exitCode == 0), output);
        Assert.Equal(mayStand, ReceiptVerification.Verify(file, sample.Ledger.PublicKey) is ReceiptVerification.Proven);
    }

    // Goal: base64 has unused bits, which no signature covers: neither reader lets anybody write the same key twice.
    [Theory]
    [InlineData("source")]
    [InlineData("target")]
    [InlineData("control")]
    [InlineData("ledger")]
    public async Task A_key_in_another_spelling_is_refused_by_both(string key)
    {
        using var sample = new SampleReceipt();
        var text = Encoding.UTF8.GetString(sample.ToBytes());
        var end = text.IndexOf("==\"", text.IndexOf($"    \"{key}\": \"", StringComparison.Ordinal), StringComparison.Ordinal);
        var file = Encoding.UTF8.GetBytes(text[..(end - 1)] + (char)(text[end - 1] + 1) + text[end..]);
        Assert.Equal(
            Convert.FromBase64String(text[(end - 122)..(end + 2)]),
            Convert.FromBase64String(Encoding.UTF8.GetString(file)[(end - 122)..(end + 2)]));

        var (exitCode, output) = await RunAsync(file, null);

        Assert.True(exitCode == 1, output);
        Assert.IsNotType<ReceiptVerification.Proven>(ReceiptVerification.Verify(file, null));
    }

    // Goal: no receipt is good to one reader and bad to the other. Method: small damage of every kind at random places.
    [Fact]
    public async Task Script_and_verify_agree_on_damaged_receipts()
    {
        const int Rounds = 40;
        var random = new Random(27);
        using var sample = new SampleReceipt { Leaves = 11, LeafIndex = 4 };
        var whole = sample.ToBytes();
        for (var round = 0; round < Rounds; round++)
        {
            var file = Damage(whole, random);

            var (exitCode, output) = await RunAsync(file, sample.Ledger.PublicKey);

            var isProven = ReceiptVerification.Verify(file, sample.Ledger.PublicKey) is ReceiptVerification.Proven;
            Assert.True(
                isProven == (exitCode == 0),
                $"round {round}: verify says {isProven}, the script {exitCode}\n{output}\n{Encoding.Latin1.GetString(file)}");
        }
    }

    [Theory]
    [InlineData("-n")]
    [InlineData("--help")]
    [InlineData("-e.json")]
    public async Task A_name_that_begins_with_a_hyphen_is_a_name(string name)
    {
        var example = Path.Combine(Formats, "example");
        File.Copy(Path.Combine(example, "receipt.json"), Path.Combine(_directory, name));
        File.Copy(Path.Combine(example, "ledger.pem"), Path.Combine(_directory, "-key.pem"));

        var (exitCode, output) = await RunAsync([name, "-key.pem"]);

        Assert.True(exitCode == 0, output);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static byte[] Damage(byte[] whole, Random random)
    {
        var file = whole.ToList();
        var at = random.Next(file.Count);
        var odd = "\\\"=\n \0A/+,{}—é"u8;
        switch (random.Next(6))
        {
            case 0:
                file[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                file[at] = odd[random.Next(odd.Length)];
                break;
            case 2:
                file.Insert(at, odd[random.Next(odd.Length)]);
                break;
            case 3:
                file.RemoveAt(at);
                break;
            case 4:
                file.InsertRange(at, file.GetRange(at, Math.Min(random.Next(1, 90), file.Count - at)));
                break;
            default:
                file.RemoveRange(at, file.Count - at);
                break;
        }

        return [.. file];
    }

    private async Task<(int ExitCode, string Output)> RunAsync(byte[] receipt, PublicKey? trusted)
    {
        var (file, key) = (Path.Combine(_directory, "receipt.json"), Path.Combine(_directory, "ledger.pem"));
        await using (var stream = File.Create(file))
        {
            await stream.WriteAsync(receipt, Token);
        }

        if (trusted is not null)
        {
            await using var stream = File.Create(key);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(trusted.ToPem()), Token);
        }

        return await RunAsync([file, .. trusted is null ? Array.Empty<string>() : [key]]);
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string[] files)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Formats, "verify-receipt.sh"), .. files])
        {
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await error);
    }
}
