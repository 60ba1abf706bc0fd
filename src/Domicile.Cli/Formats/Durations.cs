using System.Globalization;

namespace Domicile.Cli.Formats;

/// <summary>Durations as people write them: <c>24h</c>, <c>30m</c>, <c>10s</c>, <c>500ms</c>, <c>7d</c>, <c>1h30m</c>.</summary>
internal static class Durations
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3_650);

    // "ms" before "m" and "s": the longer unit is tried first.
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)),
        ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1)),
    ];

    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 9 || !TryTakeUnit(rest[digits..], out var unit, out var length))
            {
                return false;
            }

            var count = int.Parse(rest[..digits], CultureInfo.InvariantCulture);
            if (count > (Longest - duration) / length)
            {
                return false;
            }

            duration += length * count;
            rest = rest[(digits + unit)..];
        }

        return true;
    }

    /// <summary>Two units at most: <c>850 ms</c>, <c>12.3 s</c>, <c>4 min 10 s</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Format(TimeSpan duration)
        => duration switch
        {
            { TotalMilliseconds: < 10 } => Invariant($"{duration.TotalMilliseconds:0.#} ms"),
            { TotalMilliseconds: < 999.5 } => Invariant($"{duration.TotalMilliseconds:0} ms"),
            { TotalSeconds: < 60 } => Invariant($"{duration.TotalSeconds:0.#} s"),
            { TotalMinutes: < 60 } => Two(duration.Minutes, "min", duration.Seconds, "s"),
            { TotalHours: < 24 } => Two(duration.Hours, "h", duration.Minutes, "min"),
            _ => Two((int)duration.TotalDays, "d", duration.Hours, "h"),
        };

    public static string FormatMs(double? milliseconds)
        => milliseconds is { } value && double.IsFinite(value)
            ? Format(TimeSpan.FromMilliseconds(Math.Clamp(value, 0, Longest.TotalMilliseconds))) : "–";

    public static string FormatSeconds(double? seconds) => FormatMs(seconds * 1_000);

    /// <summary>
    /// An estimate, no more exact than it is: <c>less than 1 s</c>, <c>about 8 s</c>, <c>about 40 s</c>, <c>about 3 min</c>,
    /// <c>about 2 h 10 min</c>.
    /// </summary>
    public static string FormatAbout(double seconds)
        => seconds switch
        {
            < 1 => "less than 1 s",
            < 20 => $"about {Rounded(seconds, 1)}",
            < 57.5 => $"about {Rounded(seconds, 5)}",
            < 600 => $"about {Rounded(seconds, 30)}",
            < 3_600 => $"about {Rounded(seconds, 60)}",
            < 86_400 => $"about {Rounded(seconds, 600)}",
            _ => $"about {Rounded(Math.Min(seconds, Longest.TotalSeconds), 3_600)}",
        };

    private static string Rounded(double seconds, double step)
        => Format(TimeSpan.FromSeconds(Math.Round(seconds / step) * step));

    private static string Two(int large, string largeUnit, int small, string smallUnit)
        => small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static bool TryTakeUnit(ReadOnlySpan<char> text, out int chars, out TimeSpan length)
    {
        foreach (var (unit, unitLength) in Units)
        {
            if (text.StartsWith(unit, StringComparison.Ordinal))
            {
                (chars, length) = (unit.Length, unitLength);
                return true;
            }
        }

        (chars, length) = (0, TimeSpan.Zero);
        return false;
    }
}
