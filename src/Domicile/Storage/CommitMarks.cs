using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;
using Microsoft.Win32.SafeHandles;

namespace Domicile.Storage;

/// <summary>
/// What each account's database has acknowledged, outside of it: one file <c>marks</c> of a region, 64 bytes for each account
/// that was ever here, overwritten after each durable commit before anyone is told, so that a log that is gone and a database
/// that has gone back are noticed. A mark never says more than is durable. It isn't flushed by itself: after the end of the
/// process it is exact, after that of the machine it may be some seconds older. Thread-safe.
/// See docs/decisions/0031-a-damaged-account.md.
/// </summary>
internal sealed class CommitMarks : IDisposable
{
    public const string FileName = "marks";

    private const int SlotBytes = 64;
    private const int SummedBytes = 48;
    private const int SlotsRead = 4096;

    private readonly SafeFileHandle _file;

    // Where an account's mark lies. The accounts' ids as they are on disk: no objects, since there may be very many.
    private readonly Dictionary<UInt128, int> _slots = [];
    private readonly Lock _gate = new();
    private int _count;

    private CommitMarks(SafeFileHandle file) => _file = file;

    /// <summary>Opens a region's marks; makes the file where there is none: then nothing is known of any account.</summary>
    public static CommitMarks Open(string regionDirectory)
    {
        var path = Path.Combine(regionDirectory, FileName);
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, SmallFile.Secret);
        }

        var marks = new CommitMarks(file);
        marks.ReadAll((id, slot, _) => marks._slots[id] = slot);
        marks._count = (int)((RandomAccess.GetLength(file) + SlotBytes - 1) / SlotBytes);
        return marks;
    }

    /// <returns>Null where nothing is known of the account; also where its mark is damaged.</returns>
    public CommitMark? Find(AccountId account)
    {
        int slot;
        lock (_gate)
        {
            if (!_slots.TryGetValue(IdOf(account), out slot))
            {
                return null;
            }
        }

        Span<byte> bytes = stackalloc byte[SlotBytes];
        return RandomAccess.Read(_file, bytes, (long)slot * SlotBytes) == SlotBytes && TryRead(bytes, out var id, out var mark)
            && id == IdOf(account) ? mark : null;
    }

    /// <summary>Accounts whose home is here by their marks.</summary>
    public IReadOnlyList<AccountId> AtHome()
    {
        var found = new List<AccountId>();
        ReadAll((id, _, mark) =>
        {
            if (mark.IsHome && AccountId.TryParse(TextOf(id), out var account))
            {
                found.Add(account);
            }
        });
        return found;
    }

    /// <summary>Replaces an account's mark. What it says is durable in the account's database.</summary>
    /// <param name="isFlushed">It must be on stable storage at return.</param>
    public void Put(AccountId account, CommitMark mark, bool isFlushed = false)
    {
        var id = IdOf(account);
        int slot;
        lock (_gate)
        {
            if (!_slots.TryGetValue(id, out slot))
            {
                slot = _count++;
                _slots.Add(id, slot);
            }
        }

        Span<byte> bytes = stackalloc byte[SlotBytes];
        Write(bytes, id, mark);
        try
        {
            RandomAccess.Write(_file, bytes, (long)slot * SlotBytes);
            if (isFlushed)
            {
                RandomAccess.FlushToDisk(_file);
            }
        }
        catch (IOException)
        {
            // The disk is full or ill. The commit stands; the mark stays at a former one.
        }
    }

    public void Dispose() => _file.Dispose();

    private void ReadAll(Action<UInt128, int, CommitMark> use)
    {
        var bytes = new byte[SlotsRead * SlotBytes];
        for (var first = 0; ; first += SlotsRead)
        {
            var slots = RandomAccess.Read(_file, bytes, (long)first * SlotBytes) / SlotBytes;
            for (var i = 0; i < slots; i++)
            {
                if (TryRead(bytes.AsSpan(i * SlotBytes, SlotBytes), out var id, out var mark))
                {
                    use(id, first + i, mark);
                }
            }

            if (slots < SlotsRead)
            {
                return;
            }
        }
    }

    // "DM", version 1, flags, 4 zeros, id, epoch, commits, seq; then half of their SHA-256. Integers are big-endian.
    private static void Write(Span<byte> slot, UInt128 id, CommitMark mark)
    {
        slot.Clear();
        "DM\u0001"u8.CopyTo(slot);
        slot[3] = (byte)((mark.IsHome ? 1 : 0) | (mark.HasUnflushed ? 2 : 0));
        BinaryPrimitives.WriteUInt128BigEndian(slot[8..], id);
        BinaryPrimitives.WriteInt64BigEndian(slot[24..], mark.Epoch);
        BinaryPrimitives.WriteInt64BigEndian(slot[32..], mark.Commits);
        BinaryPrimitives.WriteInt64BigEndian(slot[40..], mark.Seq);
        Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(slot[..SummedBytes], sum);
        sum[..(SlotBytes - SummedBytes)].CopyTo(slot[SummedBytes..]);
    }

    private static bool TryRead(ReadOnlySpan<byte> slot, out UInt128 id, out CommitMark mark)
    {
        Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(slot[..SummedBytes], sum);
        id = BinaryPrimitives.ReadUInt128BigEndian(slot[8..]);
        mark = new CommitMark(
            BinaryPrimitives.ReadInt64BigEndian(slot[24..]), BinaryPrimitives.ReadInt64BigEndian(slot[32..]),
            BinaryPrimitives.ReadInt64BigEndian(slot[40..]), (slot[3] & 1) != 0, (slot[3] & 2) != 0);
        return slot.StartsWith("DM\u0001"u8) && slot[SummedBytes..].SequenceEqual(sum[..(SlotBytes - SummedBytes)]);
    }

    private static UInt128 IdOf(AccountId account)
    {
        Span<byte> text = stackalloc byte[AccountId.LengthChars];
        Encoding.ASCII.GetBytes(account.Value, text);
        return BinaryPrimitives.ReadUInt128BigEndian(text);
    }

    private static string TextOf(UInt128 id)
    {
        Span<byte> text = stackalloc byte[AccountId.LengthChars];
        BinaryPrimitives.WriteUInt128BigEndian(text, id);
        return Encoding.ASCII.GetString(text);
    }
}

/// <summary>What a database has acknowledged at least.</summary>
/// <param name="Commits">Commits that changed the account's row; they never become fewer.</param>
/// <param name="Seq">The account's at that commit, for people.</param>
/// <param name="IsHome">The account's home was here: its files must be.</param>
/// <param name="HasUnflushed">Since the log was made there may have been commits that nobody waited to have flushed.</param>
internal readonly record struct CommitMark(long Epoch, long Commits, long Seq, bool IsHome, bool HasUnflushed)
{
    public static CommitMark Of(AccountRow row, bool hasUnflushed)
        => new(
            row.Epoch, row.Commits, row.Seq,
            row.State is AccountState.Active or AccountState.Sealed or AccountState.Departing, hasUnflushed);
}
