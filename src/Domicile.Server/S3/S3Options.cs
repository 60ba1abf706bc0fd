using System.Net;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Server.S3;

/// <summary>What the S3 endpoint of a region knows of itself, and of the names of all.</summary>
/// <param name="members">
/// The deployment's regions as they are now; the same list for as long as nothing changes. Below a name of theirs such as
/// <c>s3.example.com</c>, <c>photos.s3.example.com</c> means the bucket <c>photos</c>; addresses and <c>localhost</c> never name
/// buckets.
/// </param>
internal sealed class S3Options(RegionName region, Func<IReadOnlyList<RegionMember>> members)
{
    private volatile Names _names = new([], []);

    public RegionName Region => region;

    public IReadOnlyList<string> VirtualHosts
    {
        get
        {
            var now = members();
            if (_names is var known && ReferenceEquals(known.Of, now))
            {
                return known.Hosts;
            }

            var names = new Names(now, HostsOf(now));
            _names = names;
            return names.Hosts;
        }
    }

    private static List<string> HostsOf(IReadOnlyList<RegionMember> members)
        =>
        [
            .. members.SelectMany(member => member.AllHosts).Distinct(StringComparer.OrdinalIgnoreCase).Where(
                host => !IPAddress.TryParse(host, out _) && !string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)),
        ];

    private sealed record Names(IReadOnlyList<RegionMember> Of, IReadOnlyList<string> Hosts);
}
