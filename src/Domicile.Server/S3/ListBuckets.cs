using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class ListBuckets
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        var query = exchange.Target.Query;
        if (ListArguments.PageSizeOf(query, "max-buckets", S3Limits.PageSizeMax).Failed(out var error, out var size))
        {
            return error;
        }

        string? after = null;
        if (query["continuation-token"] is { Length: > 0 } token && ListArguments.FromToken(token).Failed(out error, out after))
        {
            return error;
        }

        var prefix = query["prefix"] ?? "";
        var isElsewhere = query["bucket-region"] is { Length: > 0 } region && region != exchange.Options.Region.Value;
        var buckets = isElsewhere || size == 0
            ? []
            : await exchange.Copy.ListBucketsAsync(prefix, after, size, exchange.Aborted);
        var hasMore = buckets.Count > 0 && buckets.Count == size
            && (await exchange.Copy.ListBucketsAsync(prefix, buckets[^1].Name, 1, exchange.Aborted)).Count > 0;
        var answer = new XmlAnswer("ListAllMyBucketsResult").AddOwner("Owner", exchange).Open("Buckets");
        foreach (var bucket in buckets)
        {
            answer.Open("Bucket").Add("Name", bucket.Name).Add("CreationDate", bucket.CreatedAt)
                .Add("BucketRegion", exchange.Options.Region.Value).Close();
        }

        answer.Close().Add("Prefix", prefix.Length > 0 ? prefix : null);
        answer.Add("ContinuationToken", hasMore ? ListArguments.ToToken(buckets[^1].Name) : null);
        return await S3Answer.XmlAsync(exchange, answer);
    }
}
