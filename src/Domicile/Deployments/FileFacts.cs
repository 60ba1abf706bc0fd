using System.Runtime.InteropServices;

namespace Domicile.Deployments;

/// <summary>Whose a file is, what kind of file, and who may do what with it.</summary>
internal readonly partial record struct FileFacts(uint Owner, FileKind Kind, UnixFileMode Mode)
{
    public const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The user as whom this process makes files.</summary>
    public static uint Self { get; } = OperatingSystem.IsWindows() ? 0 : EffectiveUser();

    /// <summary>Whether anybody but the owner may do anything with it.</summary>
    public bool IsOpen => (Mode & Others) != 0;

    /// <summary>Of what stands at the path itself, which may be a symbolic link; null: nothing does.</summary>
    public static FileFacts? At(string path) => Read(path, follow: false);

    /// <summary>Of what the path leads to through symbolic links; null: to nothing.</summary>
    public static FileFacts? Behind(string path) => Read(path, follow: true);

    private static FileFacts? Read(string path, bool follow)
    {
        if (OperatingSystem.IsLinux())
        {
            const int fromHere = -100; // AT_FDCWD
            const int notThroughLinks = 0x100; // AT_SYMLINK_NOFOLLOW
            const uint typeModeAndOwner = 0x1 | 0x2 | 0x8; // STATX_TYPE, STATX_MODE, STATX_UID
            return Stat(fromHere, path, follow ? 0 : notThroughLinks, typeModeAndOwner, out var read) == 0
                ? new FileFacts(read.Owner, KindOf(read.TypeAndMode), (UnixFileMode)(read.TypeAndMode & 0xFFF)) : null;
        }

        return ReadPortably(path, follow);
    }

    // Without a call for the owner: there it is taken for granted.
    private static FileFacts? ReadPortably(string path, bool follow)
    {
        if (!OperatingSystem.IsWindows() && (File.Exists(path) || Directory.Exists(path)))
        {
            var kind = !follow && new FileInfo(path).LinkTarget is not null ? FileKind.Link
                : Directory.Exists(path) ? FileKind.Directory : FileKind.Regular;
            return new FileFacts(Self, kind, File.GetUnixFileMode(path));
        }

        return null;
    }

    private static FileKind KindOf(ushort mode) => (mode & 0xF000) switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Directory,
        0xA000 => FileKind.Link,
        _ => FileKind.Other,
    };

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, out LinuxStat read);

    /// <summary>struct statx of linux/stat.h, which is the same on every machine.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct LinuxStat
    {
        [FieldOffset(20)]
        public readonly uint Owner;

        [FieldOffset(28)]
        public readonly ushort TypeAndMode;
    }
}

internal enum FileKind
{
    Regular,
    Directory,
    Link,

    /// <summary>A device, a pipe, a socket.</summary>
    Other,
}
