using System.Text.Json;
using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>
/// Where every process of a deployment listens; DIR/control/endpoints.json, written by <c>domicile up</c>.
/// </summary>
internal sealed record Endpoints(ProcessEndpoints Control, IReadOnlyDictionary<RegionName, ProcessEndpoints> Regions)
{
    public const string FileName = "endpoints.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <exception cref="KeyNotFoundException">No such region: the file is of another config.</exception>
    public ProcessEndpoints Of(ProcessRole role)
        => role is ProcessRole.Region region ? Regions[region.Name] : Control;

    /// <summary>Null: there is no such file yet, or it is no endpoints file.</summary>
    public static Endpoints? Load(string dataDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize<Endpoints>(File.ReadAllBytes(PathIn(dataDirectory)), Json);
        }
        catch (Exception broken) when (broken is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>When it returns, the file is on stable storage.</summary>
    public void Save(string dataDirectory)
    {
        SmallFile.CreateDirectory(Path.GetDirectoryName(PathIn(dataDirectory))!);
        SmallFile.Replace(PathIn(dataDirectory), JsonSerializer.Serialize(this, Json) + "\n", SmallFile.Secret);
    }

    private static string PathIn(string dataDirectory)
        => Path.Combine(DataDirectory.PathOf(dataDirectory, new ProcessRole.Control()), FileName);
}

/// <param name="Listen">S3 of a region, the API of control.</param>
/// <param name="Peer">https, with certificates on both sides; only for processes of the deployment.</param>
/// <param name="Management">http: /health/live, /health/ready, /metrics.</param>
internal sealed record ProcessEndpoints(Uri Listen, Uri Peer, Uri Management);
