using Domicile.Cli;
using Domicile.Cli.Demo;
using Domicile.Cli.Formats;
using Domicile.Cli.Local;
using Xunit;

namespace Domicile.Tests.Cli;

/// <summary>Durations, sizes and words as people read and write them.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData("24h", 86_400)]
    [InlineData("30m", 1_800)]
    [InlineData("10s", 10)]
    [InlineData("500ms", 0.5)]
    [InlineData("7d", 604_800)]
    [InlineData("1h30m", 5_400)]
    [InlineData("0s", 0)]
    public void A_duration_is_read(string text, double seconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("24")]
    [InlineData("h")]
    [InlineData("-1h")]
    [InlineData("1 h")]
    [InlineData("1.5h")]
    [InlineData("1y")]
    [InlineData("24h!")]
    [InlineData("9999999999s")]
    [InlineData("999999999d")]
    [InlineData("٣h")]
    public void What_is_no_duration_is_refused(string? text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(3.24, "3.2 ms")]
    [InlineData(850, "850 ms")]
    [InlineData(999.6, "1 s")]
    [InlineData(12_340, "12.3 s")]
    [InlineData(250_000, "4 min 10 s")]
    [InlineData(7_500_000, "2 h 5 min")]
    [InlineData(273_600_000, "3 d 4 h")]
    public void A_duration_is_written(double milliseconds, string text) => Assert.Equal(text, Durations.FormatMs(milliseconds));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(null)]
    public void What_is_not_known_is_a_dash(double? milliseconds) => Assert.Equal("–", Durations.FormatMs(milliseconds));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1_023, "1023 B")]
    [InlineData(1_024, "1.0 KiB")]
    [InlineData(1_536, "1.5 KiB")]
    [InlineData(1_048_575, "1.0 MiB")]
    [InlineData(104_857_600, "100 MiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void A_size_is_written(long bytes, string text) => Assert.Equal(text, Sizes.Format(bytes));

    [Fact]
    public void Text_of_others_cannot_steer_the_terminal()
        => Assert.Equal(" [2J a b", Clean.Line("\u001b[2J\ra\nb"));

    [Theory]
    [InlineData("mov", "move")]
    [InlineData("recieve", null)]
    [InlineData("recept", "receipt")]
    public void The_nearest_word_is_near(string word, string? expected)
        => Assert.Equal(expected, UsageError.Nearest(word, ["move", "receipt", "where", "up"]));

    [Fact]
    public void A_process_that_keeps_dying_is_started_ever_later_and_one_that_lived_at_once()
    {
        var delay = new RestartDelay();
        var delays = Enumerable.Range(0, 8).Select(_ => delay.Next(TimeSpan.FromSeconds(1)).TotalSeconds).ToList();

        Assert.Equal([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10], delays);
        Assert.Equal(TimeSpan.FromMilliseconds(200), delay.Next(TimeSpan.FromMinutes(1)));
        Assert.Equal(TimeSpan.FromMilliseconds(400), delay.Next(TimeSpan.FromSeconds(59)));
    }

    [Theory]
    [InlineData("a/b.JPG", "photos")]
    [InlineData("x.heic", "photos")]
    [InlineData("friends.vcf", "contacts")]
    [InlineData("run.gpx", "location")]
    [InlineData("phone.tar.gz", "backup")]
    [InlineData("README", "files")]
    public void A_file_goes_into_the_bucket_of_its_kind(string path, string bucket)
        => Assert.Equal(bucket, SampleFiles.BucketOf(path));

    [Fact]
    public void Percentiles_are_by_nearest_rank()
    {
        var pauses = Pauses.Of([50, 15, 40, 20, 35]);

        // The textbook's example: ordered 15 20 35 40 50, the 50th percentile is the third.
        Assert.Equal(35, pauses.P50);
        Assert.Equal(50, pauses.P99);
        Assert.Equal(50, pauses.Max);
        Assert.Null(Pauses.Of([]).P50);
    }

    [Fact]
    public void Only_answers_under_way_around_the_cut_over_count_for_its_pause()
    {
        var at = new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Answered[] answers =
        [
            new(at.AddSeconds(-60), TimeSpan.FromSeconds(50)), // over long before
            new(at.AddSeconds(-0.1), TimeSpan.FromSeconds(0.3)),
            new(at.AddSeconds(30), TimeSpan.FromSeconds(9)), // begun long after
        ];

        Assert.Equal(300, Pauses.Around(answers, at.AddSeconds(-0.2), at));
        Assert.Null(Pauses.Around([answers[0]], at, at));
    }
}
