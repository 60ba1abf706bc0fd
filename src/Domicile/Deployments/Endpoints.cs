using Domicile.Accounts;

namespace Domicile.Deployments;

/// <summary>Where every process of a deployment listens; DIR/control/endpoints.json, written by <c>domicile up</c>.</summary>
internal sealed record Endpoints(ProcessEndpoints Control, IReadOnlyDictionary<RegionName, ProcessEndpoints> Regions)
{
    public const string FileName = "endpoints.json";

    /// <exception cref="KeyNotFoundException">No such region: the file is of another config.</exception>
    public ProcessEndpoints Of(ProcessRole role)
        => role is ProcessRole.Region region ? Regions[region.Name] : Control;

    /// <summary>Null: there is no such file yet, or it is no endpoints file.</summary>
    public static Endpoints? Load(string dataDirectory) => throw new NotImplementedException();

    public void Save(string dataDirectory) => throw new NotImplementedException();
}

/// <param name="Listen">S3 of a region, the API of control.</param>
/// <param name="Peer">https, with certificates on both sides; only for processes of the deployment.</param>
/// <param name="Management">http: /health/live, /health/ready, /metrics.</param>
internal sealed record ProcessEndpoints(Uri Listen, Uri Peer, Uri Management);
