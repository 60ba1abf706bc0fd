namespace Domicile.Deployments;

/// <summary>
/// Picks the peer and management endpoints that the config leaves open: those of the last time, if free; else the
/// port of listen + 10000 (peer) and + 20000 (management), if valid and free; else any free port. Loopback only.
/// </summary>
internal static class EndpointPlan
{
    public const int PeerOffset = 10_000;
    public const int ManagementOffset = 20_000;

    /// <summary>Reads DIR/control/endpoints.json if it is there, and writes nothing.</summary>
    public static Endpoints Resolve(DeploymentConfig config, string dataDirectory) => throw new NotImplementedException();
}
