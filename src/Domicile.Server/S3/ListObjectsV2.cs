using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class ListObjectsV2
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (exchange.Query("list-type") is not "2")
        {
            return S3Error.InvalidArgument("list-type", exchange.Query("list-type"), "Invalid List Type specified in Request");
        }

        if (ListArguments.Parse(exchange.Target.Query, "max-keys").Failed(out var error, out var arguments)
            || Start(exchange).Failed(out error, out var after)
            || (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _))
        {
            return error;
        }

        var page = await ObjectListing.PageAsync(exchange, arguments, after.Length > 0 ? after : null);
        var answer = new XmlAnswer("ListBucketResult")
            .Add("Name", exchange.Bucket)
            .Add("KeyCount", page.Objects.Count + page.CommonPrefixes.Count)
            .Add("IsTruncated", page.NextAfter is not null)
            .Add("ContinuationToken", exchange.Query("continuation-token"))
            .Add("NextContinuationToken", page.NextAfter is { } next ? ListArguments.ToToken(next) : null)
            .Add("StartAfter", exchange.Query("start-after") is { Length: > 0 } start ? arguments.Show(start) : null);
        arguments.AddTo(answer, "MaxKeys");
        var withOwner = string.Equals(exchange.Query("fetch-owner"), "true", StringComparison.OrdinalIgnoreCase);
        ObjectListing.AddObjects(answer, exchange, arguments, page.Objects, withOwner);
        arguments.AddPrefixes(answer, page.CommonPrefixes);
        return await S3Answer.XmlAsync(exchange, answer);
    }

    // A token overrides start-after; from the start, this is empty.
    private static Outcome<string> Start(S3Exchange exchange)
        => exchange.Query("continuation-token") switch
        {
            null => exchange.Query("start-after") ?? "",
            var token => ListArguments.FromToken(token),
        };
}
