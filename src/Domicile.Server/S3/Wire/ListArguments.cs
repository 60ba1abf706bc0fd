using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Domicile.Server.S3.Wire;

/// <summary>What all listings of a bucket are asked with.</summary>
/// <param name="Delimiter">Empty for none.</param>
/// <param name="EncodesUrl">Keys in the answer are percent-encoded.</param>
internal sealed record ListArguments(string Prefix, string Delimiter, int PageSize, bool EncodesUrl)
{
    /// <param name="sizeParameter">max-keys, max-uploads or max-parts.</param>
    public static Outcome<ListArguments> Parse(RequestQuery query, string sizeParameter)
    {
        if (PageSizeOf(query, sizeParameter, S3Limits.PageSizeMax).Failed(out var error, out var pageSize))
        {
            return error;
        }

        var encoding = query["encoding-type"];
        return encoding is null or "" || encoding.Equals("url", StringComparison.OrdinalIgnoreCase)
            ? new ListArguments(query["prefix"] ?? "", query["delimiter"] ?? "", pageSize, encoding is not (null or ""))
            : S3Error.InvalidArgument("encoding-type", encoding, "Invalid Encoding Method specified in Request");
    }

    /// <summary>0 to the limit; more means the limit.</summary>
    public static Outcome<int> PageSizeOf(RequestQuery query, string parameter, int limit)
    {
        if (query[parameter] is not { Length: > 0 } text)
        {
            return limit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
            ? Math.Min(asked, limit)
            : S3Error.InvalidArgument(parameter, text, $"Provided {parameter} not an integer or within integer range");
    }

    /// <summary>A key, prefix or marker as the answer shows it.</summary>
    public string Show(string text) => EncodesUrl ? PercentCode.EncodePath(text) : text;

    /// <summary>Adds what the request said of the listing; the delimiter only where there is one.</summary>
    public void AddTo(XmlAnswer answer, string sizeElement)
    {
        answer.Add("Prefix", Show(Prefix)).Add(sizeElement, PageSize);
        if (Delimiter.Length > 0)
        {
            answer.Add("Delimiter", Show(Delimiter));
        }

        if (EncodesUrl)
        {
            answer.Add("EncodingType", "url");
        }
    }

    public void AddPrefixes(XmlAnswer answer, IReadOnlyList<string> prefixes)
    {
        foreach (var prefix in prefixes)
        {
            answer.Open("CommonPrefixes").Add("Prefix", Show(prefix)).Close();
        }
    }

    /// <summary>A continuation token: where to go on, in a form that clients don't look into.</summary>
    public static string ToToken(string after) => "1" + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(after));

    public static Outcome<string> FromToken(string token)
    {
        var encoded = token.AsSpan();
        if (encoded.StartsWith("1") && Base64Url.IsValid(encoded[1..])
            && PercentCode.TryUtf8(Base64Url.DecodeFromChars(encoded[1..]), out var after) && !after.Contains('\0'))
        {
            return after;
        }

        return S3Error.InvalidArgument("continuation-token", token, "The continuation token provided is incorrect");
    }
}
