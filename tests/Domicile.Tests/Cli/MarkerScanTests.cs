using System.Text;
using Domicile.Cli.Demo;
using Xunit;

namespace Domicile.Tests.Cli;

/// <summary>The search that is to find what an erasure left behind must find it wherever it lies.</summary>
public sealed class MarkerScanTests : IDisposable
{
    private const int BufferBytes = 1024 * 1024;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-scan-");
    private readonly byte[] _marker = Encoding.UTF8.GetBytes("name-0123456789abcdef01234567");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(BufferBytes - 29)]
    [InlineData(BufferBytes - 28)]
    [InlineData(BufferBytes - 1)]
    [InlineData(BufferBytes)]
    [InlineData(BufferBytes + 1)]
    [InlineData(2 * BufferBytes - 7)]
    [InlineData(3 * BufferBytes - 29)]
    public void A_marker_is_found_at_any_offset(int offset)
    {
        Write("store.db", offset, 3 * BufferBytes);

        var found = Assert.Single(Search().Finds);
        Assert.Equal(offset, found.Offset);
    }

    [Fact]
    public void Hidden_files_and_directories_are_searched_too()
    {
        Write(".tmp/.part", 10, 100);

        Assert.EndsWith(".part", Assert.Single(Search().Finds).File);
    }

    [Fact]
    public void A_file_that_a_running_process_keeps_for_itself_is_searched_too()
    {
        Write("store.db", 10, 100);
        using var held = new FileStream(
            Path.Combine(_directory.FullName, "store.db"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Assert.Single(Search().Finds);
    }

    [Fact]
    public void A_file_without_the_marker_is_read_and_not_reported()
    {
        Put("a", new byte[BufferBytes + 5]);

        var result = Search();

        Assert.Empty(result.Finds);
        Assert.Equal(1, result.Files);
        Assert.Equal(BufferBytes + 5, result.Bytes);
    }

    [Fact]
    public void A_marker_cut_off_at_the_end_of_the_file_is_none()
    {
        Put("a", _marker[..^1]);

        Assert.Empty(Search().Finds);
    }

    private ScanResult Search()
        => MarkerScan.Search(_directory.FullName, [_marker], TestContext.Current.CancellationToken);

    private void Write(string name, int offset, int length)
    {
        var content = new byte[Math.Max(length, offset + _marker.Length)];
        _marker.CopyTo(content, offset);
        Put(name, content);
    }

    private void Put(string name, byte[] content)
    {
        var path = Path.Combine(_directory.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = File.Create(path);
        file.Write(content);
    }
}
