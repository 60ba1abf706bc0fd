using Domicile.Control;

namespace Domicile.Bench;

/// <summary>One side of a copy by hand.</summary>
/// <param name="AuthorityPath">Whose certificates to trust, in PEM; null where the endpoint has none.</param>
internal sealed record CopySide(Uri Endpoint, NewAccountView Account, string? AuthorityPath)
{
    public string Url => Endpoint.GetLeftPart(UriPartial.Authority);
}

/// <summary>What people copy buckets between regions with by hand.</summary>
/// <param name="ObjectsFarMax">So many objects are enough to know its rate where a round trip is long.</param>
internal sealed record Copier(
    string Name, int ObjectsFarMax, Func<CopySide, CopySide, string, BenchCall, Task<TimeSpan?>> CopyAsync)
{
    public static readonly IReadOnlyList<Copier> All =
    [
        new("rclone copy", 300, (from, to, bucket, call) => RcloneAsync(from, to, bucket, [], call)),
        new(
            "rclone copy --transfers 64 --checkers 64", 3_000,
            (from, to, bucket, call) => RcloneAsync(from, to, bucket, ["--transfers", "64", "--checkers", "64"], call)),
        new("aws s3 sync, to a disk and up again", 300, AwsAsync),
    ];

    // https://rclone.org/s3/: remotes from the environment. rclone 1.60 ends at once where AWS_CA_BUNDLE is set, even over
    // plain http.
    private static Task<TimeSpan?> RcloneAsync(
        CopySide from, CopySide to, string bucket, IReadOnlyList<string> options, BenchCall call)
        => Tool.RunAsync(
            "rclone", ["copy", $"from:{bucket}", $"to:{bucket}", "--config", "/dev/null", .. Trusting(to), .. options],
            new Dictionary<string, string?>(Remote("FROM", from).Concat(Remote("TO", to))) { ["AWS_CA_BUNDLE"] = null }, call);

    private static IReadOnlyList<string> Trusting(CopySide side)
        => side.AuthorityPath is { } path ? ["--ca-cert", path] : [];

    private static IEnumerable<KeyValuePair<string, string?>> Remote(string name, CopySide side)
        =>
        [
            new($"RCLONE_CONFIG_{name}_TYPE", "s3"), new($"RCLONE_CONFIG_{name}_PROVIDER", "Other"),
            new($"RCLONE_CONFIG_{name}_ENDPOINT", side.Url),
            new($"RCLONE_CONFIG_{name}_ACCESS_KEY_ID", side.Account.AccessKey),
            new($"RCLONE_CONFIG_{name}_SECRET_ACCESS_KEY", side.Account.SecretKey),
        ];

    // It knows one endpoint at a time, so what is copied between two of them lies on a disk in between.
    private static async Task<TimeSpan?> AwsAsync(CopySide from, CopySide to, string bucket, BenchCall call)
    {
        var disk = Directory.CreateTempSubdirectory("domicile-bench-aws-").FullName;
        try
        {
            await Tool.RunAsync("aws", ["s3", "mb", $"s3://{bucket}", "--endpoint-url", to.Url], Login(to), call);
            var down = await Tool.RunAsync(
                "aws", ["s3", "sync", $"s3://{bucket}", disk, "--quiet", "--endpoint-url", from.Url], Login(from), call);
            var up = await Tool.RunAsync(
                "aws", ["s3", "sync", disk, $"s3://{bucket}", "--quiet", "--endpoint-url", to.Url], Login(to), call);
            return down + up;
        }
        finally
        {
            Directory.Delete(disk, recursive: true);
        }
    }

    private static Dictionary<string, string?> Login(CopySide side)
        => new()
        {
            ["AWS_ACCESS_KEY_ID"] = side.Account.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = side.Account.SecretKey,
            ["AWS_DEFAULT_REGION"] = "us-east-1",
            ["AWS_CONFIG_FILE"] = "/dev/null",
            ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
            ["AWS_CA_BUNDLE"] = side.AuthorityPath,
        };
}
