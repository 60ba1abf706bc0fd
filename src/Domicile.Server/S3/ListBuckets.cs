using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class ListBuckets
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        var query = exchange.Target.Query;
        if (ListArguments.PageSizeOf(query, "max-buckets", S3Limits.BucketsPageSizeMax).Failed(out var error, out var size))
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
        // One more than asked for, to know whether there is more.
        var buckets = isElsewhere || size == 0
            ? []
            : await exchange.Copy.ListBucketsAsync(prefix, after, size + 1, exchange.Aborted);
        var answer = new XmlAnswer("ListAllMyBucketsResult").AddOwner("Owner", exchange).Open("Buckets");
        foreach (var bucket in buckets.Take(size))
        {
            answer.Open("Bucket").Add("Name", bucket.Name).Add("CreationDate", bucket.CreatedAt)
                .Add("BucketRegion", exchange.Options.Region.Value).Close();
        }

        answer.Close().Add("Prefix", prefix.Length > 0 ? prefix : null);
        answer.Add("ContinuationToken", buckets.Count > size ? ListArguments.ToToken(buckets[size - 1].Name) : null);
        return await S3Answer.XmlAsync(exchange, answer);
    }
}
