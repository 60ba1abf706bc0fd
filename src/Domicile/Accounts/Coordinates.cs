namespace Domicile.Accounts;

/// <summary>A point on the Earth in decimal degrees, WGS 84.</summary>
/// <param name="Latitude">-90 to 90, north positive.</param>
/// <param name="Longitude">-180 to 180, east positive.</param>
internal readonly record struct Coordinates(double Latitude, double Longitude)
{
    // Mean radius, IUGG (R1).
    private const double EarthRadiusKm = 6371.0088;

    /// <summary>Great circle distance in kilometres by the haversine formula; a sphere is off by 0.5 % at most.</summary>
    public double DistanceKm(Coordinates other)
    {
        var (latitude, otherLatitude) = (double.DegreesToRadians(Latitude), double.DegreesToRadians(other.Latitude));
        var north = Math.Sin((otherLatitude - latitude) / 2);
        var east = Math.Sin(double.DegreesToRadians(other.Longitude - Longitude) / 2);
        var h = (north * north) + (Math.Cos(latitude) * Math.Cos(otherLatitude) * east * east);
        return 2 * EarthRadiusKm * Math.Asin(Math.Min(1, Math.Sqrt(h)));
    }
}
