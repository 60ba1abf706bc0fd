using System.Diagnostics;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>A library from C beside this file, which a process gets in LD_PRELOAD. Making it takes gcc.</summary>
internal static class Preloaded
{
    /// <returns>False where there is no gcc.</returns>
    public static async Task<bool> TryMakeAsync(string sourceName, string library)
    {
        var source = Path.Combine(Repository.Root, "tests", "Domicile.Server.Tests", "Faults", sourceName);
        try
        {
            using var gcc = Process.Start("gcc", ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source]);
            await gcc.WaitForExitAsync(TestContext.Current.CancellationToken);
            return gcc.ExitCode == 0 ? true : throw new InvalidOperationException($"gcc does not compile {source}.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
