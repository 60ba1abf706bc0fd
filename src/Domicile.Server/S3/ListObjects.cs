using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>The first version of the listing: it goes on after a marker, which is a key or a common prefix.</summary>
internal static class ListObjects
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (ListArguments.Parse(exchange.Target.Query, "max-keys").Failed(out var error, out var arguments)
            || (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _))
        {
            return error;
        }

        var marker = exchange.Query("marker") ?? "";
        var page = await ObjectListing.PageAsync(exchange, arguments, marker.Length > 0 ? marker : null);
        var answer = new XmlAnswer("ListBucketResult")
            .Add("Name", exchange.Bucket)
            .Add("Marker", arguments.Show(marker))
            .Add("IsTruncated", page.NextAfter is not null);
        arguments.AddTo(answer, "MaxKeys");
        if (page.NextAfter is { } next && arguments.Delimiter.Length > 0)
        {
            // Without a delimiter, S3 leaves it out: the last key says the same.
            answer.Add("NextMarker", arguments.Show(next));
        }

        ObjectListing.AddObjects(answer, exchange, arguments, page.Objects, withOwner: true);
        arguments.AddPrefixes(answer, page.CommonPrefixes);
        return await S3Answer.XmlAsync(exchange, answer);
    }
}
