using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>
/// Reads a database's write-ahead log before SQLite gets it. SQLite replays a log up to the first frame whose checksum is wrong
/// and forgets what follows, without a word: that is right for the end that a crash has torn, and loses acknowledged commits
/// where a bit has rotted before it. Changes nothing. The format: https://www.sqlite.org/fileformat2.html#walformat.
/// </summary>
internal sealed class WriteAheadLog
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const uint MagicLittleEndian = 0x377f0682;
    private const uint MagicBigEndian = 0x377f0683;

    // Of a log whose own header is damaged; it is SQLite's default, and no database here has another.
    private const int UsualPageBytes = 4096;

    private readonly SafeFileHandle _file;
    private readonly byte[] _frame;
    private readonly bool _isBigEndian;
    private readonly byte[] _salts = new byte[8];

    private WriteAheadLog(SafeFileHandle file, int pageBytes, bool isBigEndian)
    {
        _file = file;
        _frame = new byte[FrameHeaderBytes + pageBytes];
        _isBigEndian = isBigEndian;
    }

    /// <param name="path">The log's; it need not exist.</param>
    public static LogState Examine(string path)
    {
        if (!File.Exists(path))
        {
            return default;
        }

        // Not the database's own file: closing that one would end SQLite's locks on it.
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (RandomAccess.Read(file, header, 0) < HeaderBytes)
        {
            return default;
        }

        var magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        var pageBytes = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        var isWhole = magic is MagicLittleEndian or MagicBigEndian
            && pageBytes is >= 512 and <= 65536 && uint.IsPow2(pageBytes);
        var log = isWhole
            ? new WriteAheadLog(file, (int)pageBytes, magic == MagicBigEndian)
            : new WriteAheadLog(file, UsualPageBytes, isBigEndian: false);
        var sums = log.Sum(header[..24], default);
        isWhole &= sums == Sums.Stored(header[24..]);
        header[16..24].CopyTo(log._salts);
        return log.Walk(isWhole ? sums : null);
    }

    /// <param name="before">The header's checksum; null where the header is damaged: then SQLite replays nothing.</param>
    private LogState Walk(Sums? before)
    {
        var (frames, commitsBehind, previous, isHeaderDamaged) = (0L, 0L, default(Frame?), before is null);
        for (var number = 0L; Read(number) is { } frame; number++)
        {
            // :: Up to the first frame that isn't what was written, each continues the checksum of all before it.
            if (before is { } sums && frame.IsOf(_salts) && Continues(sums, frame))
            {
                (frames, before) = (number + 1, frame.Sums);
                continue;
            }

            // :: Behind it, a frame that continues the checksum that the one before it names was written after that one.
            before = null;
            // Frames of a former generation lie there too, and mean nothing; a damaged header doesn't say which they are.
            if (previous is { } former && former.Salts == frame.Salts && (isHeaderDamaged || frame.IsOf(_salts))
                && frame.Page != 0 && Continues(former.Sums, frame))
            {
                // The damaged one may have been a commit's last, which its own header tells.
                commitsBehind += (former is { IsCommit: true, IsCounted: false } ? 1 : 0) + (frame.IsCommit ? 1 : 0);
                frame = frame with { IsCounted = true };
            }

            previous = frame;
        }

        return new LogState(frames, commitsBehind, isHeaderDamaged && commitsBehind > 0);
    }

    private Frame? Read(long number)
        => RandomAccess.Read(_file, _frame, HeaderBytes + (number * _frame.Length)) < _frame.Length ? null
            : new Frame(
                BinaryPrimitives.ReadUInt32BigEndian(_frame), BinaryPrimitives.ReadUInt32BigEndian(_frame.AsSpan(4)) != 0,
                BinaryPrimitives.ReadUInt64BigEndian(_frame.AsSpan(8)), Sums.Stored(_frame.AsSpan(16)), IsCounted: false);

    // Of the frame that was read last.
    private bool Continues(Sums before, Frame frame)
        => Sum(_frame.AsSpan(FrameHeaderBytes), Sum(_frame.AsSpan(0, 8), before)) == frame.Sums;

    private Sums Sum(ReadOnlySpan<byte> bytes, Sums before)
    {
        var (first, second) = before;
        for (var at = 0; at < bytes.Length; at += 8)
        {
            first += Word(bytes[at..]) + second;
            second += Word(bytes[(at + 4)..]) + first;
        }

        return new Sums(first, second);
    }

    private uint Word(ReadOnlySpan<byte> bytes)
        => _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private readonly record struct Sums(uint First, uint Second)
    {
        public static Sums Stored(ReadOnlySpan<byte> bytes)
            => new(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
    }

    /// <param name="IsCommit">It ends a transaction.</param>
    /// <param name="Salts">Of the log's generation: drawn anew each time the log begins anew.</param>
    /// <param name="IsCounted">It was looked at as one behind the damage.</param>
    private readonly record struct Frame(uint Page, bool IsCommit, ulong Salts, Sums Sums, bool IsCounted)
    {
        public bool IsOf(ReadOnlySpan<byte> salts) => Salts == BinaryPrimitives.ReadUInt64BigEndian(salts);
    }
}

/// <summary>What a log holds.</summary>
/// <param name="Frames">That SQLite can replay.</param>
/// <param name="CommitsBehind">
/// Commits of one generation that are whole by themselves and lie behind the first frame that isn't. A crash leaves at most one
/// of them, where every commit was flushed before the next began: of two the first had been acknowledged.
/// </param>
/// <param name="IsHeaderDamaged">
/// None of its commits can be replayed. A crash leaves that too, if it tore the header of a log that began anew: all of it was
/// in the database by then.
/// </param>
internal readonly record struct LogState(long Frames, long CommitsBehind, bool IsHeaderDamaged);
