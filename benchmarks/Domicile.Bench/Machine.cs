using System.Globalization;
using System.Runtime.InteropServices;

namespace Domicile.Bench;

/// <summary>What the numbers were measured on, in one line, and what a process has used of it.</summary>
internal static class Machine
{
    public static string Describe()
    {
        var memoryGiB = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} × {Processor()}, {memoryGiB:0} GiB, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription}");
    }

    /// <summary>How many processes wanted a core in the last minute: how crowded the machine was. NaN where nobody knows.</summary>
    public static double Load()
        => File.Exists("/proc/loadavg")
            ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture)
            : double.NaN;

    /// <summary>The most memory that a process ever had resident, in MiB (VmHWM, see proc(5)).</summary>
    public static double MemoryPeakMebibytes(int pid) => Status(pid, "VmHWM:");

    /// <summary>What a process has resident now, in MiB (VmRSS).</summary>
    public static double MemoryMebibytes(int pid) => Status(pid, "VmRSS:");

    private static double Status(int pid, string name)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Has the kernel forget that peak (proc(5), clear_refs): what follows is measured from now on.</summary>
    public static void ForgetMemoryPeak(int pid)
    {
        using var file = new StreamWriter($"/proc/{pid}/clear_refs");
        file.Write('5');
    }

    /// <summary>
    /// Milliseconds of processor time that a process has used, its kernel's part included (proc(5), stat). It says what work
    /// costs, however many others wanted the machine meanwhile.
    /// </summary>
    public static double ProcessorMs(int pid)
    {
        const double msPerTick = 10;
        var stat = File.ReadAllText($"/proc/{pid}/stat");

        // After the name in parentheses, which may hold anything: state is the first field, utime the 12th, stime the 13th.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return msPerTick * (double.Parse(fields[11], CultureInfo.InvariantCulture)
            + double.Parse(fields[12], CultureInfo.InvariantCulture));
    }

    private static string Processor()
    {
        const string info = "/proc/cpuinfo";
        var model = File.Exists(info)
            ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return model?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
