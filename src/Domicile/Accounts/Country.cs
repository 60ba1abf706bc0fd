using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Domicile.Accounts;

/// <summary>A country by its ISO 3166-1 alpha-2 code, in upper case.</summary>
[JsonConverter(typeof(CountryJson))]
internal readonly record struct Country : IComparable<Country>
{
    private Country(string code) => Code = code;

    public string Code { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out Country country)
    {
        var valid = text is { Length: 2 } && IsoCountries.Codes.Contains(text);
        country = valid ? new Country(text!) : default;
        return valid;
    }

    /// <summary>For text that was checked before.</summary>
    /// <exception cref="FormatException">The text is no country code.</exception>
    public static Country Parse(string text)
        => TryParse(text, out var country) ? country : throw new FormatException($"'{text}' is not an ISO 3166-1 code.");

    public int CompareTo(Country other) => string.CompareOrdinal(Code, other.Code);

    public override string ToString() => Code;
}

/// <summary>The officially assigned codes of ISO 3166-1 alpha-2.</summary>
internal static class IsoCountries
{
    public static readonly IReadOnlySet<string> Codes = (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
        + "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM "
        + "FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS "
        + "IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
        + "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN "
        + "PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
        + "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW")
        .Split(' ').ToHashSet(StringComparer.Ordinal);
}

internal sealed class CountryJson : JsonConverter<Country>
{
    public override Country Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => Country.TryParse(reader.GetString(), out var country) ? country : throw new JsonException("not an ISO 3166-1 code");

    public override void Write(Utf8JsonWriter writer, Country value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.Code);
}
