using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>What the security log says, and that nobody can fill a disk or wash a line away with it.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SecurityLogTests : IDisposable
{
    private static readonly AccountId Account = AccountId.Parse("xk3v5yq2mbnd7hae");

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTime _time = new();

    private string LogPath => Path.Combine(_scratch.Path, "log", "security.log");

    [Fact]
    public void A_line_says_when_what_who_and_why_and_is_readable_by_its_owner_alone()
    {
        using (var log = SecurityLog.Open(_scratch.Path, _time))
        {
            log.Record(SecurityEvent.SignatureFailed, From("203.0.113.7"), "SignatureDoesNotMatch", Account);

            // At once, not when the process ends.
            Assert.Equal(
                """{"time":"2030-01-01T00:00:00.000Z","event":"signatureFailed","source":"203.0.113.7","account":"xk3v5yq2mbnd7hae","reason":"SignatureDoesNotMatch"}""" + "\n",
                File.ReadAllText(LogPath));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(LogPath));
    }

    [Fact]
    public void A_process_that_starts_again_goes_on_in_the_same_file()
    {
        for (var run = 0; run < 2; run++)
        {
            using var log = SecurityLog.Open(_scratch.Path, _time);
            log.Record(SecurityEvent.TokenFailed, From("::1"), "unknownToken");
        }

        Assert.Equal(["tokenFailed", "tokenFailed"], Lines().Select(line => line.GetProperty("event").GetString()));
    }

    // Goal: one who floods is cut short, and another's line of the same minute is there.
    [Fact]
    public void A_source_that_floods_is_counted_and_hides_no_other()
    {
        using var log = SecurityLog.Open(_scratch.Path, _time);
        for (var i = 0; i < 5_000; i++)
        {
            log.Record(SecurityEvent.TokenFailed, From("203.0.113.7"), "unknownToken");
        }

        log.Record(SecurityEvent.TokenFailed, From("198.51.100.1"), "unknownToken");
        _time.Advance(TimeSpan.FromMinutes(1));
        log.Record(SecurityEvent.TokenFailed, From("203.0.113.7"), "unknownToken");

        var lines = Lines();
        Assert.Equal(20, lines[..20].Count(line => line.GetProperty("source").GetString() == "203.0.113.7"));
        Assert.Equal("198.51.100.1", lines[20].GetProperty("source").GetString());
        Assert.Equal(("dropped", 4_980), (lines[21].GetProperty("reason").GetString(), lines[21].GetProperty("count").GetInt32()));
        Assert.Equal("203.0.113.7", lines[22].GetProperty("source").GetString());
        Assert.Equal(23, lines.Count);
    }

    [Fact]
    public void Many_sources_are_cut_short_together_and_another_event_is_not()
    {
        using (var log = SecurityLog.Open(_scratch.Path, _time))
        {
            for (var i = 0; i < 1_000; i++)
            {
                log.Record(SecurityEvent.KeyUnknown, SecuritySource.Of(new IPAddress([10, 0, (byte)(i >> 8), (byte)i])), "noSuchKey");
            }

            log.Record(SecurityEvent.PeerRefused, SecuritySource.Of(new PeerIdentity.Region(RegionName.Parse("beijing"))), "notAllowed");
        }

        var lines = Lines();
        Assert.Equal(102, lines.Count);
        Assert.Equal("region 'beijing'", lines[100].GetProperty("source").GetString());
        Assert.Equal(900, lines[101].GetProperty("count").GetInt32());
    }

    [Fact]
    public void Addresses_of_one_IPv6_network_are_one_source()
    {
        using (var log = SecurityLog.Open(_scratch.Path, _time))
        {
            for (var i = 1; i <= 50; i++)
            {
                log.Record(SecurityEvent.TokenFailed, From($"2001:db8:0:1::{i:x}"), "unknownToken");
            }

            log.Record(SecurityEvent.TokenFailed, From("2001:db8:0:2::1"), "unknownToken");
            log.Record(SecurityEvent.TokenFailed, From("::ffff:10.0.0.1"), "unknownToken");
        }

        Assert.Equal(
            ["2001:db8:0:1::14", "2001:db8:0:2::1", "10.0.0.1"],
            Lines().Skip(19).Take(3).Select(line => line.GetProperty("source").GetString()));
    }

    // Goal: whatever anybody makes us say stays one line of ASCII, and a reason is a word.
    [Fact]
    public void Nothing_that_was_said_can_forge_a_line()
    {
        using (var log = SecurityLog.Open(_scratch.Path, _time))
        {
            log.Record(
                SecurityEvent.KeysChanged, SecuritySource.OfOperator("eve'\n{\"event\":\"\u202e" + new string('x', 500)), "a b\n\"\u202e");
        }

        var line = Assert.Single(Lines());
        Assert.Equal("a?b???", line.GetProperty("reason").GetString());
        Assert.Equal(64, line.GetProperty("source").GetString()!.Length);
        Assert.All(File.ReadAllText(LogPath).TrimEnd('\n'), character => Assert.InRange(character, ' ', '~'));
    }

    [Fact]
    public void A_full_file_becomes_the_first_of_seven_former_ones_and_no_more_are_kept()
    {
        using var log = SecurityLog.Open(_scratch.Path, _time);
        for (var round = 0; round < 10; round++)
        {
            using (var file = new FileStream(LogPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.SetLength(SecurityLimits.LogBytesMax);
            }

            log.Record(SecurityEvent.TokenFailed, From($"10.0.0.{round}"), "unknownToken");
        }

        Assert.Equal(
            ["security.log", .. Enumerable.Range(1, 7).Select(number => $"security.log.{number}")],
            Directory.EnumerateFiles(Path.GetDirectoryName(LogPath)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("10.0.0.9", Assert.Single(Lines()).GetProperty("source").GetString());
        Assert.Equal(SecurityLimits.LogBytesMax, new FileInfo(LogPath + ".7").Length);
    }

    [Fact]
    public void A_log_that_cannot_be_written_stops_nobody_and_goes_on_when_it_can()
    {
        using var log = SecurityLog.Open(_scratch.Path, _time);
        using (var file = new FileStream(LogPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(SecurityLimits.LogBytesMax);
        }

        Directory.CreateDirectory(LogPath + ".1");
        log.Record(SecurityEvent.TokenFailed, From("10.0.0.1"), "unknownToken");
        Directory.Delete(LogPath + ".1");
        log.Record(SecurityEvent.TokenFailed, From("10.0.0.2"), "unknownToken");

        Assert.Equal("10.0.0.2", Lines()[^1].GetProperty("source").GetString());
    }

    public void Dispose() => _scratch.Dispose();

    private static SecuritySource From(string address) => SecuritySource.Of(IPAddress.Parse(address));

    private List<JsonElement> Lines()
        => [.. File.ReadLines(LogPath).Select(line => JsonDocument.Parse(line).RootElement)];
}
