using System.Text;
using Xunit;

namespace Domicile.Tests.Hosting;

public sealed class StrictReaderFuzzTests
{
    private const int Rounds = 20_000;

    private static readonly string[] Seeds = [.. StrictReaderTests.Valid.Select(row => row.Data)];

    // What a smuggler would try.
    private static readonly string[] Splinters =
    [
        "\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", "\0", "\u007f", "\u00e9", ";", "=", "\"", "\\", ",", "0", "1", "f", "g", "+", "-", "/",
        "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: a\r\n", "HTTP/1.0", "HTTP/1.1", "0\r\n\r\n", "chunked",
        "http://", "[", "]", "@", "*", "GET / HTTP/1.1\r\n", "FFFFFFFFFFFFFFFF\r\n", "7fffffffffffffff\r\n",
    ];

    /// <summary>
    /// Goal: whatever comes, in whatever pieces, the reader shows what the grammar permits and nothing beyond it. Method: valid
    /// requests, changed in up to four places, against a parser by RFC 9112's grammar; from one seed.
    /// </summary>
    [Fact]
    public async Task The_reader_agrees_with_the_grammar_on_any_bytes()
    {
        var random = new Random(20260);
        for (var round = 0; round < Rounds; round++)
        {
            var text = Change(random, Seeds[random.Next(Seeds.Length)] + Seeds[random.Next(Seeds.Length)]);
            var accepted = ReferenceFraming.AcceptedChars(text);

            var shown = await StrictReader.ShowAsync(
                Split(random, Encoding.Latin1.GetBytes(text)), available => random.Next(3) == 0 ? random.NextInt64(available + 1) : available);

            Assert.True(text[..accepted] + (accepted < text.Length ? StrictReader.NoHttp : "") == shown, $"round {round}: {text}\n\nshown: {shown}");
        }
    }

    private static string Change(Random random, string text)
    {
        for (var left = random.Next(5); left > 0; left--)
        {
            var at = random.Next(text.Length);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, 1),
                1 => text[..at] + text[Math.Min(text.Length, at + random.Next(20))..],
                2 => text[..at] + Splinters[random.Next(Splinters.Length)] + text[(at + 1)..],
                _ => text.Insert(at, Splinters[random.Next(Splinters.Length)]),
            };
        }

        return text;
    }

    private static IEnumerable<byte[]> Split(Random random, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + random.Next(random.Next(2) == 0 ? 4 : 200));
            yield return bytes[at..(at + length)];
            at += length;
        }
    }
}
