using System.Runtime.InteropServices;
using System.Text;

namespace Domicile.Deployments;

/// <summary>
/// Puts keys, certificates and other small files in place so that a crash leaves the old file or the new one, and
/// makes the directories they lie in, for this user alone. Unix only, as all of Domicile.
/// </summary>
internal static partial class SmallFile
{
    public const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Creates the directory, and those above it, with 0700 where they are missing. What is there keeps its mode.</summary>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows() || Directory.Exists(path))
        {
            return;
        }

        // .NET gives the mode to the last one only.
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } parent)
        {
            CreateDirectory(parent);
        }

        Directory.CreateDirectory(path, Secret | UnixFileMode.UserExecute);
    }

    /// <summary>Opens a file for writing, alone; if that creates it, with this mode.</summary>
    /// <exception cref="IOException">Another handle has it open, in this process or in another.</exception>
    public static FileStream OpenAlone(string path, FileMode how, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = how, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        return new FileStream(path, options);
    }

    /// <summary>When it returns, bytes and name are on stable storage. One writer per path at a time.</summary>
    public static void Replace(string path, string text, UnixFileMode mode) => Replace(path, Encoding.UTF8.GetBytes(text), mode);

    /// <inheritdoc cref="Replace(string, string, UnixFileMode)"/>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var draft = $"{path}.draft";
        // A draft that a crash left may have another mode, and the mode is set only on creation.
        File.Delete(draft);
        using (var file = OpenAlone(draft, FileMode.CreateNew, mode))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // The new name is durable only after an fsync of its directory, for which the base library has no call.
    private static void FlushDirectory(string directory)
    {
        const int readOnly = 0;
        var descriptor = Open(directory, readOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Can't open directory '{directory}' to flush it (errno "
                + $"{Marshal.GetLastPInvokeError()}).");
        }

        var result = FSync(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException($"Can't flush directory '{directory}' (errno {error}).");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
