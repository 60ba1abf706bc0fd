using System.Buffers.Binary;
using Domicile.Accounts;
using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

/// <summary>
/// What was acknowledged and is not there is noticed, nothing is changed, and an end that a crash has torn is no damage. A
/// crash is here: the files as they lay while the account was open, put there again.
/// </summary>
public sealed class RottenLogTests : IAsyncLifetime
{
    private const int HeaderBytes = 32;
    private const int FrameBytes = 24 + 4096;
    private const int Commits = 12;

    private TemporaryRegion _region = null!;
    private AccountStore _store = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(_store.Directory, AccountStore.DatabaseName);

    private string Log => Database + DatabaseOpening.LogSuffix;

    public async ValueTask InitializeAsync()
    {
        _region = await TemporaryRegion.CreateAsync();
        _store = await _region.AddAsync();
    }

    public ValueTask DisposeAsync() => _region.DisposeAsync();

    [Fact]
    public async Task After_a_kill_all_is_there_and_nothing_is_said()
    {
        await WriteAsync(Commits);

        await CrashAsync(_ => { });

        Assert.Equal(Commits, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    // Goal: whichever frame rots, either nothing is lost or the account is not opened. Method: each frame in turn, a bit of its
    // page, then a bit of its stored checksum, then one of its salts.
    [Theory]
    [InlineData(24 + 100)]
    [InlineData(16)]
    [InlineData(9)]
    public async Task One_flipped_bit_anywhere_in_the_log_loses_nothing_in_silence(int offset)
    {
        await WriteAsync(Commits);
        var files = Files();
        var frames = (files[Log].Length - HeaderBytes) / FrameBytes;
        Assert.True(frames > Commits, $"{frames} frames");
        for (var frame = 0; frame < frames; frame++)
        {
            var at = HeaderBytes + (frame * FrameBytes) + offset;
            var rotten = files[Log].ToArray();
            rotten[at] ^= 4;
            await CrashAsync(put => put[Log] = rotten, files);

            var fault = Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account));
            Assert.Contains(_store.Account.Value, fault.Message, StringComparison.Ordinal);
            Assert.Contains(DatabaseOpening.AcceptName, fault.Next, StringComparison.Ordinal);
            Assert.Equal(rotten, ReadAll(Log));
            Assert.Equal(files[Database], ReadAll(Database));
        }
    }

    // Goal: the log alone tells, where the mark is behind or there is none. Method: as after the machine's end, the mark is that
    // of the first commit; a bit in the middle of the log.
    [Fact]
    public async Task Damage_in_the_logs_middle_is_seen_where_the_mark_is_behind()
    {
        await WriteAsync(1);
        var mark = _region.Storage.Marks.Find(_store.Account)!.Value;
        await WriteAsync(Commits);
        var files = Files();
        var rotten = files[Log].ToArray();
        rotten[HeaderBytes + ((rotten.Length - HeaderBytes) / FrameBytes / 2 * FrameBytes) + 100] ^= 1;

        await CrashAsync(put => put[Log] = rotten, files, mark);

        var fault = Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account));
        Assert.Contains("commits lie behind the damage", fault.Message, StringComparison.Ordinal);
        Assert.Equal(rotten, ReadAll(Log));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(17)]
    [InlineData(25)]
    public async Task One_flipped_bit_in_the_logs_own_header_is_damage(int offset)
    {
        await WriteAsync(Commits);
        var files = Files();
        var rotten = files[Log].ToArray();
        rotten[offset] ^= 4;

        await CrashAsync(put => put[Log] = rotten, files);

        Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account));
        Assert.Equal(rotten, ReadAll(Log));
    }

    // Goal: whoever finds nothing learns that the log was overwritten while it was in use, and nothing of it gets into the database.
    // Method: zeros over all of it, over its middle, one bit of it; and a log that is as it was written.
    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(0.4, 0.6)]
    [InlineData(0.4, 0.4)]
    public async Task A_log_that_is_overwritten_while_in_use_is_noticed_by_who_finds_nothing(double from, double to)
    {
        await WriteAsync(Commits);
        await _region.ReopenAsync();
        _store = _region.Storage.Find(_store.Account)!;
        await WriteAsync(Commits);
        var database = ReadAll(Database);
        var bytes = ReadAll(Log);
        var (first, last) = ((int)(bytes.Length * from), (int)(bytes.Length * to));
        bytes[first] ^= 4;
        bytes.AsSpan(first, last - first).Clear();
        await using (var file = new FileStream(Log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(bytes, Cancelled);
        }

        Assert.Throws<StorageUnreadableException>(_store.CheckLog);

        Assert.Equal(database, ReadAll(Database));
        Assert.Equal(bytes, ReadAll(Log));
        Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account));
    }

    [Fact]
    public async Task A_log_that_is_as_it_was_written_is_believed()
    {
        _store.CheckLog();
        await WriteAsync(Commits);
        await _region.ReopenAsync();
        _store = _region.Storage.Find(_store.Account)!;
        await WriteAsync(Commits);

        _store.CheckLog();

        Assert.Equal(2 * Commits, _store.Row!.Seq);
        Assert.True(_store.IsOpen);
    }

    [Fact]
    public async Task A_log_that_is_gone_is_missed()
    {
        await WriteAsync(Commits);

        await CrashAsync(files => files.Remove(Log));

        var fault = Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account));
        Assert.Contains($"change {Commits} was acknowledged", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_gone_is_missed_without_any_directory()
    {
        await WriteAsync(1);
        await CrashAsync(files => files.Clear());

        Assert.Contains(
            "is lost", Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account)).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageUnreadableException>(
            () => _region.Storage.Open(_store.Account).WriteAsync(transaction => transaction.Fence(1), Cancelled));
        Assert.Equal([_store.Account], _region.Storage.Marks.AtHome());
    }

    [Fact]
    public async Task An_older_copy_that_was_put_back_is_not_opened_until_the_loss_is_accepted()
    {
        await WriteAsync(3);
        await _region.ReopenAsync();
        var backup = Files();
        _store = _region.Storage.Find(_store.Account)!;
        await WriteAsync(4);
        await CrashAsync(_ => { }, backup);

        var fault = Assert.Throws<StorageUnreadableException>(() => _region.Storage.Find(_store.Account));
        Assert.Contains("change 7 was acknowledged", fault.Message, StringComparison.Ordinal);
        Assert.Contains("ends at change 3", fault.Message, StringComparison.Ordinal);

        await CrashAsync(files => files[Path.Combine(_store.Directory, DatabaseOpening.AcceptName)] = []);
        _store = _region.Storage.Find(_store.Account)!;
        Assert.Equal(3, _store.Row!.Seq);
        Assert.False(File.Exists(Path.Combine(_store.Directory, DatabaseOpening.AcceptName)));
        await WriteAsync(1);
        await CrashAsync(_ => { });
        Assert.Equal(4, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    // Goal: what a crash of the machine leaves is no damage. Method: the last transaction's frames in every state in which some
    // of their blocks are on the disk and some are not, and the mark as it was before.
    [Fact]
    public async Task A_torn_end_is_no_damage_whichever_blocks_of_it_are_there()
    {
        await WriteAsync(Commits);
        var (before, mark) = (Files(), _region.Storage.Marks.Find(_store.Account)!.Value);
        await WriteAsync(1);
        var after = Files();
        var first = (before[Log].Length - HeaderBytes) / FrameBytes;
        var last = (after[Log].Length - HeaderBytes) / FrameBytes;
        Assert.InRange(last - first, 1, 10);
        for (var there = 0; there < (1 << (last - first)) - 1; there++)
        {
            var torn = after[Log].ToArray();
            foreach (var frame in Enumerable.Range(0, last - first).Where(number => (there & (1 << number)) == 0))
            {
                torn.AsSpan(HeaderBytes + ((first + frame) * FrameBytes), FrameBytes).Clear();
            }

            await CrashAsync(files => files[Log] = torn, after, mark);
            Assert.Equal(Commits, _region.Storage.Find(_store.Account)!.Row!.Seq);

            // What the crash left behind the end is not taken for damage at the next crash either.
            _store = _region.Storage.Find(_store.Account)!;
            await WriteAsync(1);
            await CrashAsync(_ => { });
            Assert.Equal(Commits + 1, _region.Storage.Find(_store.Account)!.Row!.Seq);
        }
    }

    // Goal: what one crash leaves behind the log's end is not taken, with what the next one leaves, for damage. Method: a long
    // transaction that is torn at its beginning, then a short one that is, far before the long one's end.
    [Fact]
    public async Task Two_torn_ends_are_no_damage_either()
    {
        await WriteAsync(1);
        await TearAsync(rows: 60);
        Assert.Equal(1, _region.Storage.Find(_store.Account)!.Row!.Seq);

        _store = _region.Storage.Find(_store.Account)!;
        await WriteAsync(2);
        await TearAsync(rows: 1);

        Assert.Equal(3, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    [Fact]
    public async Task Holes_among_commits_that_nobody_waited_for_are_no_damage()
    {
        await WriteAsync(1);
        for (var number = 0; number < Commits; number++)
        {
            await _store.WriteUnflushedAsync(transaction => transaction.Fence(1), Cancelled);
        }

        var files = Files();
        files[Log].AsSpan(HeaderBytes + (((files[Log].Length - HeaderBytes) / FrameBytes) - 5) * FrameBytes, FrameBytes).Clear();

        await CrashAsync(_ => { }, files);

        Assert.InRange(_region.Storage.Find(_store.Account)!.Row!.Seq, 1, Commits);
    }

    [Fact]
    public async Task Frames_of_a_former_log_behind_the_end_mean_nothing()
    {
        await WriteAsync(Commits);
        await _store.WriteAsync(transaction => transaction.Sql.Execute("DELETE FROM discard"), Cancelled);
        Assert.True(_store.Read(SqliteCheckpoint));
        await WriteAsync(2);

        await CrashAsync(_ => { });

        Assert.Equal(Commits + 2, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    [Fact]
    public async Task A_stop_in_order_needs_no_log()
    {
        await WriteAsync(Commits);
        await _region.ReopenAsync();
        Assert.False(File.Exists(Log));

        Assert.Equal(Commits, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    [Fact]
    public async Task A_region_that_came_back_as_a_whole_from_a_backup_agrees_with_itself()
    {
        await WriteAsync(3);
        await _region.ReopenAsync();
        var (files, mark) = (Files(), _region.Storage.Marks.Find(_store.Account)!.Value);
        _store = _region.Storage.Find(_store.Account)!;
        await WriteAsync(4);

        await CrashAsync(_ => { }, files, mark);

        Assert.Equal(3, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    [Fact]
    public async Task An_account_that_left_may_be_taken_away_and_come_again()
    {
        await WriteAsync(Commits);
        await _store.WriteAsync(
            transaction =>
            {
                transaction.PutRow(transaction.Row! with { State = AccountState.Departed, Peer = RegionName.Parse("beijing") });
                return true;
            },
            Cancelled);
        await CrashAsync(files => files.Clear());
        Assert.Null(_region.Storage.Find(_store.Account));

        _store = await _region.AddAsync();
        await WriteAsync(1);
        await CrashAsync(_ => { });

        Assert.Equal(1, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    [Fact]
    public async Task A_mark_that_has_rotted_says_nothing()
    {
        await WriteAsync(3);
        await _region.ReopenAsync();
        await using (var marks = new FileStream(Path.Combine(_region.Directory, CommitMarks.FileName), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            marks.Position = 33;
            marks.WriteByte(0xff);
        }

        Assert.Null(_region.Storage.Marks.Find(_store.Account));
        Assert.Equal(3, _region.Storage.Find(_store.Account)!.Row!.Seq);
    }

    [Fact]
    public async Task Marks_of_many_accounts_are_found_again()
    {
        var accounts = Enumerable.Range(0, 5000)
            .Select(number => AccountId.FromRandom([.. BitConverter.GetBytes((long)number), 1, 1])).ToList();
        for (var number = 0; number < accounts.Count; number++)
        {
            _region.Storage.Marks.Put(accounts[number], new CommitMark(1, number, number, IsHome: number % 2 == 0, HasUnflushed: false));
        }

        await _region.ReopenAsync();

        Assert.All(accounts.Index(), one => Assert.Equal(one.Index, _region.Storage.Marks.Find(one.Item)!.Value.Commits));
        Assert.Equal(accounts.Count / 2, _region.Storage.Marks.AtHome().Except([_store.Account]).Count());
    }

    [Fact]
    public void The_checksum_is_SQLites()
    {
        // What SQLite itself wrote is read as whole: its header names its own generation.
        var header = ReadAll(Log).AsSpan(0, HeaderBytes).ToArray();
        Assert.Equal(3_007_000u, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)));
        var state = WriteAheadLog.Examine(Log);
        Assert.Equal((ReadAll(Log).Length - HeaderBytes) / FrameBytes, state.Frames);
        Assert.Equal((0, false), (state.CommitsBehind, state.IsHeaderDamaged));
    }

    // The machine ends in a transaction of several pages, of which the first one isn't on the disk.
    private async Task TearAsync(int rows)
    {
        var (before, mark) = (Files(), _region.Storage.Marks.Find(_store.Account)!.Value);
        await _store.WriteAsync(
            transaction =>
            {
                for (var row = 0; row < rows; row++)
                {
                    transaction.Sql.Execute(
                        "INSERT INTO content (account, content, seq, length, refs, inline) VALUES (@p1, @p2, 1, 1, 1, @p3)",
                        _store.Account.Value, ContentId.Draw(), new byte[3000]);
                }

                return transaction.Fence(1);
            },
            Cancelled);
        var torn = Files()[Log];
        var first = before[Log].AsSpan().CommonPrefixLength(torn) / FrameBytes;
        Assert.True((torn.Length - HeaderBytes) / FrameBytes > first + 1);
        torn.AsSpan(HeaderBytes + (first * FrameBytes), FrameBytes).Clear();
        await CrashAsync(files => files[Log] = torn, Files(), mark);
    }

    private static bool SqliteCheckpoint(Sql sql)
    {
        sql.Execute("COMMIT");
        var isDone = sql.Scalar<long>("PRAGMA wal_checkpoint(RESTART)") == 0;
        sql.Execute("BEGIN");
        return isDone;
    }

    private async Task WriteAsync(int commits)
    {
        for (var number = 0; number < commits; number++)
        {
            await _store.WriteAsync(transaction => transaction.Fence(1), Cancelled);
        }
    }

    // The process ends without closing anything; then something befalls the files.
    private async Task CrashAsync(
        Action<Dictionary<string, byte[]>> befall, Dictionary<string, byte[]>? files = null, CommitMark? mark = null)
    {
        files = new Dictionary<string, byte[]>(files ?? Files(), StringComparer.Ordinal);
        befall(files);
        var known = mark ?? _region.Storage.Marks.Find(_store.Account);
        await _region.ReopenAsync();
        Directory.Delete(_store.Directory, recursive: true);
        foreach (var (path, bytes) in files)
        {
            Directory.CreateDirectory(_store.Directory);
            await using var file = File.Create(path);
            await file.WriteAsync(bytes, Cancelled);
        }

        if (known is { } last)
        {
            _region.Storage.Marks.Put(_store.Account, last);
        }
    }

    private Dictionary<string, byte[]> Files()
        => Directory.Exists(_store.Directory)
            ? Directory.EnumerateFiles(_store.Directory).Where(path => !path.EndsWith("-shm", StringComparison.Ordinal))
                .ToDictionary(path => path, ReadAll, StringComparer.Ordinal)
            : [];

    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
