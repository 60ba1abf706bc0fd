namespace Domicile.Server.S3.Wire;

/// <summary>Tags of objects and buckets (Amazon S3 User Guide, "Categorizing your storage using tags").</summary>
internal static class TagSet
{
    /// <summary>Reads x-amz-tagging: <c>name=value&amp;name=value</c>, percent-encoded. No header, no tags.</summary>
    public static Outcome<Dictionary<string, string>> FromHeader(string? header)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in (header ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            if (!PercentCode.TryDecode(name, true, out var key)
                || !PercentCode.TryDecode(equals < 0 ? "" : pair[(equals + 1)..], true, out var value))
            {
                return S3Error.InvalidArgument("x-amz-tagging", header, "The header 'x-amz-tagging' shall be encoded as "
                    + "UTF-8 then URLEncoded URL query parameters without tag name duplicates.");
            }

            pairs.Add(new(key, value));
        }

        return Check(pairs, S3Limits.ObjectTagsMax);
    }

    /// <summary>Reads the document <c>Tagging/TagSet/Tag/(Key, Value)</c>.</summary>
    public static Outcome<Dictionary<string, string>> FromXml(XmlElement tagging, int countMax)
    {
        if (tagging.Child("TagSet") is not { } set)
        {
            return S3Error.Of("MalformedXML");
        }

        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var tag in set.Children)
        {
            if (tag.Name != "Tag")
            {
                // White space between elements is no child; anything else doesn't belong here.
                return S3Error.Of("MalformedXML");
            }

            if (tag["Key"] is not { } key || tag["Value"] is not { } value)
            {
                return S3Error.Of("MalformedXML");
            }

            pairs.Add(new(key, value));
        }

        return Check(pairs, countMax);
    }

    public static XmlAnswer ToXml(IReadOnlyDictionary<string, string> tags)
    {
        var answer = new XmlAnswer("Tagging").Open("TagSet");
        foreach (var (key, value) in tags)
        {
            answer.Open("Tag").Add("Key", key).Add("Value", value).Close();
        }

        return answer;
    }

    private static Outcome<Dictionary<string, string>> Check(List<KeyValuePair<string, string>> pairs, int countMax)
    {
        if (pairs.Count > countMax)
        {
            return S3Error.Of("BadRequest", $"Tags cannot be greater than {countMax}");
        }

        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            if (key.Length is 0 or > S3Limits.TagKeyCharsMax || !IsText(key)
                || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                return S3Error.Of("InvalidTag", "The TagKey you have provided is invalid").WithDetail("TagKey", key);
            }

            if (value.Length > S3Limits.TagValueCharsMax || !IsText(value))
            {
                return S3Error.Of("InvalidTag", "The TagValue you have provided is invalid").WithDetail("TagKey", key);
            }

            if (!tags.TryAdd(key, value))
            {
                return S3Error.Of("InvalidTag", "Cannot provide multiple Tags with the same key").WithDetail("TagKey", key);
            }
        }

        return tags;
    }

    // Letters, numbers and spaces of any script, and + - = . _ : / @
    private static bool IsText(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            var isAllowed = System.Text.Rune.IsLetterOrDigit(rune) || System.Text.Rune.IsNumber(rune)
                || System.Text.Rune.IsWhiteSpace(rune) || System.Text.Rune.GetUnicodeCategory(rune)
                    is System.Globalization.UnicodeCategory.NonSpacingMark
                    or System.Globalization.UnicodeCategory.SpacingCombiningMark
                || (rune.IsAscii && "+-=._:/@".Contains((char)rune.Value, StringComparison.Ordinal));
            if (!isAllowed || rune.Value == 0xFFFD)
            {
                return false;
            }
        }

        return true;
    }
}
