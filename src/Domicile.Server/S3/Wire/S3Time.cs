using System.Globalization;

namespace Domicile.Server.S3.Wire;

/// <summary>The forms in which S3 writes and reads times, always UTC.</summary>
internal static class S3Time
{
    /// <summary>ISO 8601 basic, of x-amz-date.</summary>
    public const string AmzForm = "yyyyMMdd'T'HHmmss'Z'";

    // RFC 9110 5.6.7: IMF-fixdate, and the two forms that a server must still read.
    private static readonly string[] HttpForms =
        ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy", "ddd MMM  d HH:mm:ss yyyy"];

    public static string ToXml(DateTimeOffset time)
        => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string ToHttp(DateTimeOffset time) => time.UtcDateTime.ToString("r", CultureInfo.InvariantCulture);

    /// <summary>Null where it is no HTTP date: RFC 9110 has such a condition ignored.</summary>
    public static DateTimeOffset? FromHttp(string? text)
        => DateTimeOffset.TryParseExact(
            text, HttpForms, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;

    public static DateTimeOffset? FromAmz(string? text)
        => DateTimeOffset.TryParseExact(
            text, AmzForm, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : null;

    /// <summary>HTTP dates know whole seconds, so conditions compare whole seconds.</summary>
    public static DateTimeOffset WholeSeconds(DateTimeOffset time)
        => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
}
