using System.Net;
using Domicile.Accounts;

namespace Domicile.Server.S3;

/// <summary>What the S3 endpoint of a region knows of itself.</summary>
/// <param name="Hosts">
/// The endpoint's names. Below a name such as <c>s3.example.com</c>, <c>photos.s3.example.com</c> means the bucket
/// <c>photos</c>; addresses and <c>localhost</c> never name buckets.
/// </param>
internal sealed record S3Options(RegionName Region, IReadOnlyList<string> Hosts)
{
    public IReadOnlyList<string> VirtualHosts { get; } =
    [
        .. Hosts.Where(host => !IPAddress.TryParse(host, out _)
            && !string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)),
    ];
}
