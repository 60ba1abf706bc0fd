using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Domicile.Tests;

/// <summary>eng/bill-of-materials names every package that is shipped, with its hash, as the lock files have it.</summary>
public sealed class BillOfMaterialsTests
{
    [Fact]
    public async Task Every_package_of_the_lock_files_is_named_once_with_its_hash()
    {
        var expected = new SortedSet<string>(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "packages.lock.json", SearchOption.AllDirectories)
                .SelectMany(PackagesOf), StringComparer.Ordinal);

        using var bill = JsonDocument.Parse(await RunAsync());

        Assert.Equal("CycloneDX", bill.RootElement.GetProperty("bomFormat").GetString());
        var found = bill.RootElement.GetProperty("components").EnumerateArray().Select(package =>
        {
            var hash = Convert.FromHexString(package.GetProperty("hashes")[0].GetProperty("content").GetString()!);
            return $"{package.GetProperty("purl").GetString()} {Convert.ToBase64String(hash)}";
        }).ToList();
        Assert.NotEmpty(found);
        Assert.Equal(expected, found.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> PackagesOf(string lockFile)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(lockFile));
        return
        [
            .. from framework in document.RootElement.GetProperty("dependencies").EnumerateObject()
               from package in framework.Value.EnumerateObject()
               where package.Value.GetProperty("type").GetString() != "Project"
               select $"pkg:nuget/{package.Name}@{package.Value.GetProperty("resolved").GetString()} "
                   + package.Value.GetProperty("contentHash").GetString(),
        ];
    }

    private static async Task<string> RunAsync()
    {
        var start = new ProcessStartInfo("python3", [Path.Combine(Repository.Root, "eng", "bill-of-materials")])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return text;
    }
}
