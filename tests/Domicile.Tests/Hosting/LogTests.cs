using Domicile.Server.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Domicile.Tests.Hosting;

/// <summary>Whoever can make a process complain can't fill its disk with that.</summary>
public sealed class LogTests : IDisposable
{
    private static readonly EventId Often = new(1, "Often");
    private static readonly EventId Seldom = new(2, "Seldom");

    private readonly ManualTime _time = new();
    private readonly LinesOfLog _lines = new();
    private readonly LimitedLogs _logs;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-log-");

    public LogTests() => _logs = new LimitedLogs(_lines, null, _time);

    public void Dispose()
    {
        _logs.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void Of_one_kind_so_many_lines_are_written_in_a_minute_and_then_how_many_there_were_besides()
    {
        var log = _logs.CreateLogger("S3");
        for (var i = 0; i < LogLimits.LinesOfKindPerMinute + 12_345; i++)
        {
            Write(log, Often, "a defect", new InvalidOperationException("with a stack"));
        }

        Assert.Equal(LogLimits.LinesOfKindPerMinute, _lines.Lines.Count);
        Assert.Equal(12_345, Assert.Single(_logs.Read()).Value);

        _time.Advance(LogLimits.Window);
        Assert.Equal("… 12345 more of this kind (Often) in the last minute.", _lines.Lines[^1].Line);
        Write(log, Often, "the next minute's");
        Assert.Equal("the next minute's", _lines.Lines[^1].Line);
    }

    [Fact]
    public void What_comes_often_hides_nothing_of_another_kind_or_place()
    {
        for (var i = 0; i < 10 * LogLimits.LinesOfKindPerMinute; i++)
        {
            Write(_logs.CreateLogger("S3"), Often, "noise");
        }

        Write(_logs.CreateLogger("S3"), Seldom, "of another kind");
        Write(_logs.CreateLogger("Moves"), Often, "of another place");
        Assert.Equal(["of another kind", "of another place"], _lines.Lines.TakeLast(2).Select(line => line.Line));
    }

    [Fact]
    public void What_was_left_out_is_said_also_at_the_end()
    {
        for (var i = 0; i <= LogLimits.LinesOfKindPerMinute; i++)
        {
            Write(_logs.CreateLogger("S3"), Often, "noise");
        }

        _logs.Dispose();
        Assert.StartsWith("… 1 more", _lines.Lines[^1].Line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_file_becomes_the_newest_of_five_former_ones_and_the_oldest_goes()
    {
        var file = Path.Combine(_directory.FullName, "server.log");
        var rotation = new LogRotation(file, bytesMax: 3);
        for (var i = 1; i <= LogLimits.FormerFilesMax + 2; i++)
        {
            Append(file, $"log{i}");
            rotation.Rotate();
        }

        Append(file, "now");
        rotation.Rotate();
        Assert.Equal(1 + LogLimits.FormerFilesMax, _directory.GetFiles().Length);
        Assert.Equal("now", File.ReadAllText(file));
        Assert.Equal(
            ["log7", "log6", "log5", "log4", "log3"],
            Enumerable.Range(1, LogLimits.FormerFilesMax).Select(number => File.ReadAllText($"{file}.{number}")));
    }

    // Goal: who has the file open, as the process has it as its standard error, goes on in it.
    [Fact]
    public void The_file_stays_the_same_one()
    {
        var file = Path.Combine(_directory.FullName, "server.log");
        Append(file, "long enough");
        using var reader = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        new LogRotation(file, bytesMax: 3).Rotate();
        Assert.Equal(0, reader.Length);
        Append(file, "on");
        Assert.Equal(2, reader.Length);
    }

    // Goal: a process looks at its file while it runs.
    [Fact]
    public void A_log_that_is_full_is_rotated_while_the_process_runs()
    {
        var file = Path.Combine(_directory.FullName, "server.log");
        using var logs = new LimitedLogs(new LinesOfLog(), new LogRotation(file, bytesMax: 3), _time);
        Append(file, "long enough");
        _time.Advance(LogLimits.LookedEvery);
        Assert.Equal("long enough", File.ReadAllText(file + ".1"));
    }

    private static void Append(string file, string text)
    {
        using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
    }

    private static void Write(ILogger log, EventId id, string text, Exception? exception = null)
        => log.Log(LogLevel.Error, id, text, exception, (line, _) => line);
}
