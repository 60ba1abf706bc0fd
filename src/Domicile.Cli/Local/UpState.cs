using System.Text.Json;
using System.Text.Json.Serialization;
using Domicile.Deployments;

namespace Domicile.Cli.Local;

/// <summary>What <c>up</c> is doing now: DIR/control/up.json, replaced whole at every change, gone after an orderly stop.</summary>
/// <param name="Supervisor">Process id of <c>domicile up</c>.</param>
/// <param name="Ready">Every process has said once that it is ready.</param>
internal sealed record UpState(int Supervisor, bool Ready, RunningProcess Control, IReadOnlyList<RunningProcess> Regions)
{
    public const string FileName = "up.json";

    private const int FileBytesMax = 1024 * 1024;

    [JsonIgnore]
    public IEnumerable<RunningProcess> All => Regions.Prepend(Control);

    /// <summary>Null: nothing has been started here, or it was stopped in order.</summary>
    public static UpState? Load(string directory)
    {
        var path = PathOf(directory);
        if (!File.Exists(path) || new FileInfo(path).Length > FileBytesMax)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CliJson.Default.UpState);
        }
        catch (JsonException)
        {
            // Not ours, or of another version: as good as none.
            return null;
        }
    }

    public void Save(string directory)
        => SmallFile.Replace(
            PathOf(directory), JsonSerializer.SerializeToUtf8Bytes(this, CliJson.Default.UpState), SmallFile.Secret);

    public static void Remove(string directory) => File.Delete(PathOf(directory));

    private static string PathOf(string directory) => Path.Combine(directory, "control", FileName);
}

/// <param name="Name"><c>control</c> or the region's name.</param>
/// <param name="Pid">Null while it is down.</param>
internal sealed record RunningProcess(string Name, Uri Url, Uri Management, int? Pid);
