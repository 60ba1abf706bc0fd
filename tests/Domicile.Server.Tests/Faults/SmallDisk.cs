using System.Diagnostics;

namespace Domicile.Server.Tests.Faults;

/// <summary>A process's directory on a file system of its own, in memory, small enough to be filled. Mounting takes root.</summary>
internal static class SmallDisk
{
    private const string BallastName = "ballast";
    private const string FilesName = "ballast.files";
    private const int PieceBytes = 1 << 20;

    /// <summary>What the directory has already goes along. The process isn't running.</summary>
    /// <param name="files">Inodes that it has; null: as many as the system gives it.</param>
    /// <returns>False where this user may not mount.</returns>
    public static async Task<bool> MountAsync(string directory, int mebibytes, int? files = null)
    {
        var copy = directory + ".copy";
        return await RunAsync("cp", "-a", directory, copy)
            && await RunAsync(
                "mount", "-t", "tmpfs", "-o", $"size={mebibytes}m,mode=0700{(files is null ? "" : $",nr_inodes={files}")}", "tmpfs", directory)
            && await RunAsync("cp", "-a", copy + "/.", directory);
    }

    public static Task UnmountAsync(string directory) => RunAsync("umount", "-l", directory);

    /// <summary>Leaves no byte.</summary>
    public static async Task FillAsync(string directory)
    {
        await using var ballast = new FileStream(
            Path.Combine(directory, BallastName), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var piece = PieceBytes; piece > 0;)
        {
            try
            {
                await ballast.WriteAsync(new byte[piece]);
            }
            catch (IOException)
            {
                piece /= 2;
            }
        }
    }

    /// <summary>Leaves no inode; bytes there are.</summary>
    public static void FillWithFiles(string directory)
    {
        var ballast = Directory.CreateDirectory(Path.Combine(directory, FilesName)).FullName;
        try
        {
            for (var made = 0; ; made++)
            {
                File.Create(Path.Combine(ballast, $"{made}")).Dispose();
            }
        }
        catch (IOException)
        {
            // None is left.
        }
    }

    public static void FreeFiles(string directory) => Directory.Delete(Path.Combine(directory, FilesName), recursive: true);

    public static void Free(string directory) => File.Delete(Path.Combine(directory, BallastName));

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode == 0;
    }
}
