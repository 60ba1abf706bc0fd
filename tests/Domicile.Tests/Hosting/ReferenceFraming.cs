using System.Globalization;
using System.Text.RegularExpressions;

namespace Domicile.Tests.Hosting;

/// <summary>
/// HTTP/1.1 as RFC 9112's grammar has it, on a whole text and by regular expressions: slow, and without a line in common with
/// the reader that it checks. Where RFC 9112 lets a recipient choose, it takes the strict side.
/// </summary>
internal static partial class ReferenceFraming
{
    private const RegexOptions Ignore = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>How much of a text is beyond doubt: whole lines, and bodies.</summary>
    public static int AcceptedChars(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var from = at;
            if (Line(text, ref at) == "")
            {
                from = at; // One empty line before a request.
            }
            else
            {
                at = from;
            }

            if (at < text.Length && !Request(text, ref at))
            {
                return at;
            }
        }

        return at;
    }

    private static bool Request(string text, ref int at)
    {
        var start = at;
        var first = RequestLine().Match(Line(text, ref at) ?? "");
        if (!first.Success)
        {
            at = start;
            return false;
        }

        List<(string Name, string Value)> headers = [];
        while (true)
        {
            start = at;
            var line = Line(text, ref at);
            var isEnd = line == "";
            if (!isEnd)
            {
                var header = Field().Match(line ?? "");
                headers.Add((header.Groups["name"].Value.ToUpperInvariant(), header.Groups["value"].Value.Trim(' ', '\t')));
                line = header.Success ? line : null;
            }

            if (line is null || !IsPossible(first, headers, isEnd))
            {
                at = start;
                return false;
            }

            if (isEnd)
            {
                return Body(text, headers, ref at);
            }
        }
    }

    private static bool IsPossible(Match first, List<(string Name, string Value)> headers, bool isEnd)
    {
        string[] Of(string name) => [.. headers.Where(header => header.Name == name).Select(header => header.Value)];
        var (hosts, lengths, codings) = (Of("HOST"), Of("CONTENT-LENGTH"), Of("TRANSFER-ENCODING"));
        var isHttp10 = first.Groups["minor"].Value == "0";
        var authority = first.Groups["authority"];
        return hosts.Length <= 1 && lengths.Length <= 1 && codings.Length <= 1
            && hosts.All(host => Authority().IsMatch(host))
            && hosts.All(host => !authority.Success || host.Equals(authority.Value, StringComparison.OrdinalIgnoreCase))
            && lengths.All(length => Length().IsMatch(length))
            && codings.All(coding => coding.Equals("chunked", StringComparison.OrdinalIgnoreCase) && !isHttp10)
            && (!isEnd || ((hosts.Length == 1 || isHttp10) && lengths.Length + codings.Length <= 1));
    }

    private static bool Body(string text, List<(string Name, string Value)> headers, ref int at)
    {
        var length = headers.Find(header => header.Name == "CONTENT-LENGTH").Value;
        at = length is null ? at : (int)Math.Min(text.Length, at + long.Parse(length, CultureInfo.InvariantCulture));
        return headers.All(header => header.Name != "TRANSFER-ENCODING") || Chunks(text, ref at);
    }

    private static bool Chunks(string text, ref int at)
    {
        while (at < text.Length)
        {
            var start = at;
            var chunk = Chunk().Match(Line(text, ref at) ?? "");
            if (!chunk.Success || !long.TryParse(chunk.Groups["size"].Value, NumberStyles.HexNumber, null, out var size) || size < 0)
            {
                at = start;
                return false;
            }

            if (size == 0)
            {
                return Trailers(text, ref at);
            }

            at = (int)Math.Min((ulong)text.Length, (ulong)at + (ulong)size);
            start = at;
            if (at < text.Length && Line(text, ref at) != "")
            {
                at = start;
                return false;
            }
        }

        return true;
    }

    private static bool Trailers(string text, ref int at)
    {
        while (at < text.Length)
        {
            var start = at;
            var line = Line(text, ref at);
            if (line == "")
            {
                return true;
            }

            var field = Field().Match(line ?? "");
            if (!field.Success
                || field.Groups["name"].Value.ToUpperInvariant() is "HOST" or "CONTENT-LENGTH" or "TRANSFER-ENCODING")
            {
                at = start;
                return false;
            }
        }

        return true;
    }

    /// <returns>Without its end; null: it has none, or another than CR LF, or a CR or LF in it.</returns>
    private static string? Line(string text, ref int at)
    {
        var end = text.IndexOf('\n', at);
        var line = end > at && text[end - 1] == '\r' ? text[at..(end - 1)] : null;
        at = end < 0 ? text.Length : end + 1;
        return line?.Contains('\r', StringComparison.Ordinal) == true ? null : line;
    }

    [GeneratedRegex(
        @"\A(?:CONNECT [!-~]+|[-!#$%&'*+.^_`|~0-9A-Za-z]+ (?:/[!-~]*|\*|(?i:https?)://"
        + @"(?<authority>(?:\[[:.0-9A-Fa-f]+\]|[-._~%!$&'()*+,;=0-9A-Za-z]+)(?::[0-9]{0,5})?)(?:[/?\#][!-~]*)?))"
        + @" HTTP/1\.(?<minor>[01])\z")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"\A(?<name>[-!#$%&'*+.^_`|~0-9A-Za-z]+):(?<value>[\t -~\x80-\xFF]*)\z")]
    private static partial Regex Field();

    [GeneratedRegex(@"\A(?:\[[:.0-9A-F]+\]|[-._~%!$&'()*+,;=0-9A-Z]+)(?::[0-9]{0,5})?\z", Ignore)]
    private static partial Regex Authority();

    [GeneratedRegex(@"\A(?:0|[1-9][0-9]{0,17})\z")]
    private static partial Regex Length();

    [GeneratedRegex(
        "\\A(?<size>[0-9A-Fa-f]{1,16})(?:;[-!#$%&'*+.^_`|~0-9A-Za-z]+"
        + "(?:=(?:[-!#$%&'*+.^_`|~0-9A-Za-z]+|\"(?:[\\t !#-\\[\\]-~\\x80-\\xFF]|\\\\[\\t -~\\x80-\\xFF])*\"))?)*\\z")]
    private static partial Regex Chunk();
}
