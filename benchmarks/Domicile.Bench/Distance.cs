using Domicile.Links;

namespace Domicile.Bench;

/// <summary>How far Singapore and California are from each other in a benchmark.</summary>
/// <param name="Terms">Null: as near as two processes of one machine are.</param>
/// <param name="IsTls">Whether S3's clients come by TLS too, as moves always do.</param>
/// <param name="ControlBeside">The region beside which control stands: it is as far from the other as that one is.</param>
internal sealed record Distance(string Name, LinkTerms? Terms, bool IsTls = false, string ControlBeside = TestBed.Singapore)
{
    public static readonly Distance None = new("loopback", null);

    public static readonly Distance NoneOverTls = new("loopback-tls", null, IsTls: true);

    public static readonly Distance Far = new("long", LinkTerms.Of(TimeSpan.FromMilliseconds(180), 200_000_000));

    public static readonly IReadOnlyList<Distance> All = [None, NoneOverTls, Far];

    /// <summary>Of those that differ in distance.</summary>
    public static readonly IReadOnlyList<string> Names = [None.Name, Far.Name];

    public static Distance Named(string name) => All.First(one => one.Name == name);

    /// <summary>As a table says it.</summary>
    public string Title
        => Terms is null ? $"loopback, no distance{(IsTls ? ", S3 by TLS" : ", S3 without TLS")}"
            : $"{(Terms.DelayThere + Terms.DelayBack).TotalMilliseconds} ms round trip, "
                + $"{Terms.BitsPerSecond / 1_000_000} Mbit/s each way";

    /// <summary>MiB that the link carries in a second.</summary>
    public double? MebibytesPerSecond => Terms?.BitsPerSecond is { } bits ? Numbers.MebibytesOf(bits / 8.0) : null;

    /// <summary>The link between two processes; null where they stand beside each other.</summary>
    public LinkTerms? Between(string caller, string called)
        => PlaceOf(caller) == PlaceOf(called) ? null : Terms;

    // Beijing takes no part: it stands where control stands.
    private string PlaceOf(string process)
        => process is TestBed.Singapore or TestBed.California ? process : ControlBeside;
}
