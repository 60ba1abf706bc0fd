using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>
/// Who tried what he may not: DIR/PROCESS/log/security.log, one JSON document a line. It names accounts by id and sources
/// by address or by region, never keys, secrets, buckets or objects. What comes too fast is counted and not written, and
/// old files go, so nobody can fill the disk with it. See docs/formats/security-log.md.
/// </summary>
internal sealed class SecurityLog : IDisposable
{
    public const string FileName = "security.log";

    private const string DroppedReason = "dropped";

    private static readonly int Events = Enum.GetValues<SecurityEvent>().Length;

    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly ITimer? _window;
    private readonly Lock _gate = new();

    // All below under _gate. The counts are of the present minute.
    private readonly Dictionary<(SecurityEvent Event, string Source), int> _linesOfSource = [];
    private readonly int[] _linesOfEvent = new int[Events];
    private readonly long[] _dropped = new long[Events];
    private FileStream? _file;

    private SecurityLog(string? path, TimeProvider time)
    {
        (_path, _time) = (path, time);
        _window = path is null ? null : time.CreateTimer(
            _ => BeginWindow(), null, SecurityLimits.LogWindow, SecurityLimits.LogWindow);
    }

    /// <summary>Writes nothing, for a part that runs without a process of its own.</summary>
    public static SecurityLog Nowhere { get; } = new(null, TimeProvider.System);

    /// <param name="processDirectory">DIR/PROCESS, which is this process's alone.</param>
    /// <exception cref="IOException">The file can't be made.</exception>
    public static SecurityLog Open(string processDirectory, TimeProvider time)
    {
        var directory = Path.Combine(processDirectory, "log");
        SmallFile.CreateDirectory(directory);
        var log = new SecurityLog(Path.Combine(directory, FileName), time);
        log._file = log.OpenFile();
        return log;
    }

    /// <summary>Never fails and never waits for the disk's cache: a full disk must not keep a request from being refused.</summary>
    /// <param name="reason">A word of ours, such as an error's code: of letters, digits, '.' and '-', nothing of a client.</param>
    public void Record(SecurityEvent what, SecuritySource source, string reason, AccountId? account = null)
    {
        if (_path is null)
        {
            return;
        }

        lock (_gate)
        {
            var lines = _linesOfSource.GetValueOrDefault((what, source.Group));
            if (_linesOfEvent[(int)what] >= SecurityLimits.LinesOfEventPerMinute || lines >= SecurityLimits.LinesOfSourcePerMinute)
            {
                _dropped[(int)what]++;
                return;
            }

            _linesOfSource[(what, source.Group)] = lines + 1;
            _linesOfEvent[(int)what]++;
            Write(Line(what, source.Shown, CodeOf(reason), account, count: null));
        }
    }

    public void Dispose()
    {
        _window?.Dispose();
        BeginWindow();
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private static string CodeOf(string reason)
        => string.Concat(reason.Take(SecurityLimits.ReasonCharsMax)
            .Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '?'));

    // Says how much of the last minute was not written.
    private void BeginWindow()
    {
        lock (_gate)
        {
            foreach (var what in Enum.GetValues<SecurityEvent>())
            {
                if (_dropped[(int)what] > 0)
                {
                    Write(Line(what, null, DroppedReason, null, _dropped[(int)what]));
                }
            }

            _linesOfSource.Clear();
            Array.Clear(_linesOfEvent);
            Array.Clear(_dropped);
        }
    }

    private ReadOnlyMemory<byte> Line(SecurityEvent what, string? source, string reason, AccountId? account, long? count)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("time", _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("event", JsonNamingPolicy.CamelCase.ConvertName(what.ToString()));
            if (source is not null)
            {
                json.WriteString("source", source);
            }

            if (account is { } id)
            {
                json.WriteString("account", id.Value);
            }

            json.WriteString("reason", reason);
            if (count is { } number)
            {
                json.WriteNumber("count", number);
            }

            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenMemory;
    }

    private void Write(ReadOnlyMemory<byte> line)
    {
        try
        {
            _file ??= OpenFile();
            if (_file.Length + line.Length > SecurityLimits.LogBytesMax)
            {
                _file.Dispose();
                Rotate();
                _file = OpenFile();
            }

            _file.Write(line.Span);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // The disk is full or gone, or the process ends: the refusal itself stands, and the next line tries again.
            _file?.Dispose();
            _file = null;
        }
    }

    private void Rotate()
    {
        for (var number = SecurityLimits.FormerLogsMax; number > 0; number--)
        {
            var newer = number == 1 ? _path! : Former(number - 1);
            if (File.Exists(newer))
            {
                File.Move(newer, Former(number), overwrite: true);
            }
        }
    }

    private string Former(int number) => string.Create(CultureInfo.InvariantCulture, $"{_path}.{number}");

    private FileStream OpenFile()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,

            // A line is in the file when it was written.
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = SmallFile.Secret;
        }

        return new FileStream(_path!, options);
    }
}
