using Domicile.Storage;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class DiskProbeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-probe-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_measured_leaves_nothing_behind()
    {
        var rate = await RateAsync(_directory.FullName);

        Assert.True(rate > 0 && double.IsFinite(rate));
        Assert.Empty(_directory.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_to_says_nothing()
        => Assert.Equal(0, await RateAsync(Path.Combine(_directory.FullName, "none")));

    public void Dispose() => _directory.Delete(recursive: true);

    private static Task<double> RateAsync(string directory)
        => DiskProbe.WriteRateAsync(directory, TimeSpan.FromSeconds(1), TimeProvider.System, Cancelled);
}
