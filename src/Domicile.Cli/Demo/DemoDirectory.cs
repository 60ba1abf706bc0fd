using System.Security.Cryptography;
using Domicile.Deployments;

namespace Domicile.Cli.Demo;

/// <summary>Where a demo's deployment lies: the given directory, which must be fresh, or a temporary one that goes away.</summary>
internal sealed class DemoDirectory : IDisposable
{
    private readonly bool _isOurs;

    private DemoDirectory(string path, bool isOurs) => (Path, _isOurs) = (path, isOurs);

    public string Path { get; }

    /// <summary>For inspection after a failure. The reader of the disposal is whoever sets it.</summary>
    public bool Keep { get; set; }

    public static DemoDirectory Take(VerbCall call)
    {
        var given = call.Get(Globals.Data);
        var path = given is null
            ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"domicile-demo-{RandomNumberGenerator.GetHexString(8, true)}")
            : System.IO.Path.GetFullPath(given);
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new VerbFailedException($"{given} is not empty", "the demo wants a fresh directory: give another --data, or none");
        }

        SmallFile.CreateDirectory(System.IO.Path.Combine(path, "control"));
        return new DemoDirectory(path, given is null);
    }

    public void Dispose()
    {
        if (_isOurs && !Keep)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
