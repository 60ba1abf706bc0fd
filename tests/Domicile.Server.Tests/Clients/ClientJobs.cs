using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Clients;

/// <summary>
/// What programs do with an account, over and over, without a word of Domicile and without trying anything twice: the first
/// error is the job's. In a directory of its own, through the endpoint of the region where the account began.
/// </summary>
internal sealed class ClientJobs : IDisposable
{
    private const int FileCount = 40;
    private const int FileBytesMax = 400_000;
    private const int LargeBytes = 12 << 20;
    private const int SlowBytes = 3_000_000;
    private const int SlowPieceBytes = 100_000;

    private static readonly TimeSpan SlowPause = TimeSpan.FromMilliseconds(50);

    private readonly LiveDeployment _deployment;
    private readonly NewAccountView _account;
    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-client-").FullName;
    private readonly Dictionary<string, string> _environment;

    public ClientJobs(LiveDeployment deployment, NewAccountView account)
    {
        _deployment = deployment;
        _account = account;
        _environment = new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = account.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = account.SecretKey,
            ["AWS_DEFAULT_REGION"] = "us-east-1",
            ["AWS_CONFIG_FILE"] = Path.Combine(_directory, "none"),
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_MAX_ATTEMPTS"] = "1",
            ["HOME"] = _directory,
            ["RESTIC_PASSWORD"] = "a test",
            ["RCLONE_CONFIG_D_TYPE"] = "s3",
            ["RCLONE_CONFIG_D_PROVIDER"] = "Other",
            ["RCLONE_CONFIG_D_ENV_AUTH"] = "true",
            ["RCLONE_CONFIG_D_ENDPOINT"] = Url,
            ["RCLONE_CONFIG_D_REGION"] = "us-east-1",
            ["RCLONE_RETRIES"] = "1",
            ["RCLONE_LOW_LEVEL_RETRIES"] = "1",
            ["RCLONE_S3_UPLOAD_CUTOFF"] = "5M",
            ["RCLONE_S3_CHUNK_SIZE"] = "5M",
        };
        for (var number = 0; number < FileCount; number++)
        {
            Write($"in/{number % 5}/file {number}", seed: number, number * FileBytesMax / FileCount);
        }

        Write("in/large", seed: FileCount, LargeBytes);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Url => _deployment.EndpointOf(_account.Home).AbsoluteUri;

    /// <summary>Backs up, checks every byte, restores, in a repository of this turn's own.</summary>
    public async Task ResticAsync(int turn)
    {
        async Task Back(params string[] arguments)
        {
            var (_, errors) = await StockProgram.RunBothAsync(
                "restic", ["-r", $"s3:{Url}restic/{turn}", "--no-cache", .. arguments], _environment, _directory);

            // It tries again by itself, and says so.
            Assert.DoesNotContain("retry", errors, StringComparison.OrdinalIgnoreCase);
        }

        await Back("init");
        await Back("backup", "in");
        await Back("check", "--read-data");
        await Back("restore", "latest", "--target", $"restored-{turn}");
        await SameAsync(Path.Combine($"restored-{turn}", "in"));
    }

    /// <summary>Copies there, compares, copies back, empties by a sync.</summary>
    public async Task RcloneAsync(int turn)
    {
        Task Clone(params string[] arguments) => StockProgram.RunAsync("rclone", arguments, _environment, _directory);
        await Clone("copy", "in", $"d:rclone/{turn}");
        await Clone("check", "--download", "in", $"d:rclone/{turn}");
        await Clone("copy", $"d:rclone/{turn}", $"cloned-{turn}");
        await SameAsync($"cloned-{turn}");
        Directory.CreateDirectory(Path.Combine(_directory, "empty"));
        await Clone("sync", "empty", $"d:rclone/{turn}");
        Assert.Equal("", await StockProgram.RunAsync("rclone", ["lsf", $"d:rclone/{turn}"], _environment, _directory));
    }

    /// <summary>Synchronises there and back, copies one large file in parts, lists and removes.</summary>
    public async Task AwsAsync(int turn)
    {
        Task<string> Aws(params string[] arguments)
            => StockProgram.RunAsync("aws", ["--endpoint-url", Url, "s3", .. arguments], _environment, _directory);
        await Aws("sync", "--no-progress", "in", $"s3://aws/{turn}");
        await Aws("sync", "--no-progress", $"s3://aws/{turn}", $"synced-{turn}");
        await SameAsync($"synced-{turn}");
        await Aws("cp", "--no-progress", "in/large", $"s3://aws/again-{turn}");
        await Aws("cp", "--no-progress", $"s3://aws/again-{turn}", "again");
        Assert.Equal(await HashAsync("in/large"), await HashAsync("again"));
        var listed = await Aws("ls", "--recursive", $"s3://aws/{turn}/");
        Assert.Equal(FileCount + 1, listed.TrimEnd().Split('\n').Length);
        await Aws("rm", "--recursive", "--quiet", $"s3://aws/{turn}/");
    }

    /// <summary>Reads an object a little at a time.</summary>
    public async Task ReadSlowlyAsync(int turn)
    {
        using var s3 = OpenS3();
        var name = UniqueContent.Name("slow", turn, SlowBytes);
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "slow", Key = name, InputStream = new MemoryStream(UniqueContent.Of(name)) }, Cancelled);
        using var answer = await s3.GetObjectAsync("slow", name, Cancelled);
        var read = new byte[SlowBytes];
        for (var at = 0; at < SlowBytes; at += SlowPieceBytes)
        {
            await answer.ResponseStream.ReadExactlyAsync(read.AsMemory(at, SlowPieceBytes), Cancelled);
            await Task.Delay(SlowPause, TimeProvider.System, Cancelled);
        }

        Assert.Equal(name, UniqueContent.Read(read));
    }

    public async Task MakeBucketsAsync()
    {
        using var s3 = OpenS3();
        foreach (var bucket in (string[])["restic", "rclone", "aws", "slow"])
        {
            await s3.PutBucketAsync(bucket, Cancelled);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private AmazonS3Client OpenS3() => _deployment.OpenS3(_account, change: LiveDeployment.SendOnce);

    private void Write(string name, int seed, int bytes)
    {
        var path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        using var file = File.Create(path);
        file.Write(content);
    }

    private async Task SameAsync(string directory)
    {
        var root = Path.Combine(_directory, "in");
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(root, file);
            Assert.Equal(await HashAsync(Path.Combine("in", name)), await HashAsync(Path.Combine(directory, name)));
        }

        Directory.Delete(Path.Combine(_directory, directory), recursive: true);
    }

    private async Task<string> HashAsync(string name)
    {
        await using var file = File.OpenRead(Path.Combine(_directory, name));
        return Convert.ToHexString(await SHA256.HashDataAsync(file, Cancelled));
    }
}
