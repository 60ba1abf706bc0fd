using System.Security.Cryptography;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.Clients;

/// <summary>
/// Programs that know nothing of Domicile, set up as their manuals say, through the account's home and through a region
/// that relays: put, get, list, synchronise, upload in parts, remove.
/// </summary>
public sealed class StockClientTests(SharedDeployment shared) : S3Tests(shared)
{
    private const int LargeBytes = 12 * 1024 * 1024;

    private readonly string _directory = Directory.CreateTempSubdirectory("domicile-client-").FullName;

    public static TheoryData<string> Regions => ["singapore", "california"];

    private Dictionary<string, string> Credentials => new()
    {
        ["AWS_ACCESS_KEY_ID"] = Account.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = Account.SecretKey,
        ["AWS_DEFAULT_REGION"] = "us-east-1",
        ["AWS_CONFIG_FILE"] = Path.Combine(_directory, "none"),
        ["AWS_EC2_METADATA_DISABLED"] = "true",
        ["HOME"] = _directory,
    };

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public async Task Aws_cli(string region)
    {
        StockProgram.Need("aws");
        var files = await FilesAsync();
        Task<string> Aws(params string[] arguments)
            => StockProgram.RunAsync("aws", ["--endpoint-url", Url(region), .. arguments], Credentials, _directory);

        await Aws("s3", "mb", "s3://album");
        await Aws("s3", "sync", "--no-progress", "in", "s3://album/copy");
        await Aws("s3", "sync", "--no-progress", "s3://album/copy", "out");
        var listed = await Aws("s3", "ls", "--recursive", "s3://album");
        await Aws("s3", "rm", "--recursive", "s3://album");
        await Aws("s3", "rb", "s3://album");

        await SameAsync(files, "out");
        Assert.All(files, file => Assert.Contains($"copy/{file}", listed, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public async Task Rclone(string region)
    {
        StockProgram.Need("rclone");
        var files = await FilesAsync();
        var environment = Credentials.Concat(new Dictionary<string, string>
        {
            ["RCLONE_CONFIG_D_TYPE"] = "s3",
            ["RCLONE_CONFIG_D_PROVIDER"] = "Other",
            ["RCLONE_CONFIG_D_ENV_AUTH"] = "true",
            ["RCLONE_CONFIG_D_ENDPOINT"] = Url(region),
            ["RCLONE_CONFIG_D_REGION"] = "us-east-1",
            ["RCLONE_S3_UPLOAD_CUTOFF"] = "5M",
            ["RCLONE_S3_CHUNK_SIZE"] = "5M",
        }).ToDictionary();
        Task<string> Clone(params string[] arguments) => StockProgram.RunAsync("rclone", arguments, environment, _directory);

        await Clone("copy", "in", "d:album");
        await Clone("check", "--download", "in", "d:album");
        await Clone("copy", "d:album", "out");
        File.Delete(Path.Combine(_directory, "in", files[0]));
        await Clone("sync", "in", "d:album");
        var left = await Clone("lsf", "--recursive", "--files-only", "d:album");
        await Clone("purge", "d:album");

        await SameAsync(files[1..], "out");
        Assert.Equal(files[1..].Order(StringComparer.Ordinal), left.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public async Task S3cmd(string region)
    {
        StockProgram.Need("s3cmd");
        var files = await FilesAsync();
        var host = Deployment.EndpointOf(region).Authority;
        Task<string> Cmd(params string[] arguments)
            => StockProgram.RunAsync(
                "s3cmd",
                [
                    "--no-ssl", $"--host={host}", $"--host-bucket={host}", $"--access_key={Account.AccessKey}",
                    $"--secret_key={Account.SecretKey}", "--region=us-east-1", "--multipart-chunk-size-mb=5", "--no-progress",
                    $"--config={_directory}/none", .. arguments,
                ],
                Credentials, _directory);

        await Cmd("mb", "s3://album");
        await Cmd("sync", "in/", "s3://album/copy/");
        await Cmd("sync", "s3://album/copy/", "out/");
        var listed = await Cmd("ls", "--recursive", "s3://album");
        await Cmd("del", "--recursive", "--force", "s3://album");
        await Cmd("rb", "s3://album");

        await SameAsync(files, "out");
        Assert.All(files, file => Assert.Contains($"copy/{file}", listed, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public async Task Restic(string region)
    {
        StockProgram.Need("restic");
        var files = await FilesAsync();
        var environment = Credentials.Append(new("RESTIC_PASSWORD", "a test")).ToDictionary();
        Task<string> Back(params string[] arguments)
            => StockProgram.RunAsync("restic", ["-r", $"s3:{Url(region)}album", "--no-cache", .. arguments], environment, _directory);

        await Back("init");
        await Back("backup", "in");
        await Back("check", "--read-data");
        await Back("restore", "latest", "--target", "out");

        await SameAsync(files, Path.Combine("out", "in"));
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public async Task Boto3(string region)
    {
        const string python = "/usr/bin/python3";
        await StockProgram.NeedPythonModuleAsync(python, "boto3");
        const string script =
            """
            import boto3, hashlib, os, sys, urllib.request
            from botocore.config import Config
            from boto3.s3.transfer import TransferConfig
            s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=Config(signature_version="s3v4"))
            s3.create_bucket(Bucket="album")
            large = bytes(range(256)) * 49152
            open("large", "wb").write(large)
            s3.upload_file("large", "album", "dir/large ü", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
            s3.download_file("album", "dir/large ü", "back")
            assert open("back", "rb").read() == large
            for number in range(25):
                s3.put_object(Bucket="album", Key=f"n/{number:02} +&<", Body=b"x" * number, Metadata={"number": str(number)})
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket="album", Prefix="n/", PaginationConfig={"PageSize": 7})
            keys = [each["Key"] for page in pages for each in page["Contents"]]
            assert keys == [f"n/{number:02} +&<" for number in range(25)], keys
            assert s3.get_object(Bucket="album", Key=keys[3], Range="bytes=1-1")["Body"].read() == b"x"
            assert s3.head_object(Bucket="album", Key=keys[7])["Metadata"] == {"number": "7"}
            url = s3.generate_presigned_url("get_object", Params={"Bucket": "album", "Key": keys[5]})
            assert urllib.request.urlopen(url).read() == b"xxxxx"
            s3.copy({"Bucket": "album", "Key": "dir/large ü"}, "album", "copy")
            assert s3.head_object(Bucket="album", Key="copy")["ContentLength"] == len(large)
            try:
                s3.get_object(Bucket="album", Key="missing")
                raise SystemExit("found what is not there")
            except s3.exceptions.NoSuchKey:
                pass
            boto3.resource("s3", endpoint_url=sys.argv[1]).Bucket("album").objects.all().delete()
            s3.delete_bucket(Bucket="album")
            print("done")
            """;

        Assert.Equal("done\n", await StockProgram.RunAsync(python, ["-c", script, Url(region)], Credentials, _directory));
    }

    private string Url(string region) => Deployment.EndpointOf(region).AbsoluteUri;

    /// <summary>Files below "in", one of them in several parts.</summary>
    private async Task<List<string>> FilesAsync()
    {
        (string Name, int Size)[] files =
            [("a.txt", 10), ("empty", 0), ("dir/b c.jpg", 70_000), ("dir/ü 照片.jpg", 200_000), ("large", LargeBytes), ("odd +&=#.txt", 3)];
        foreach (var (name, size) in files)
        {
            var path = Path.Combine(_directory, "in", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, Bytes(size, size), Cancelled);
        }

        return [.. files.Select(file => file.Name)];
    }

    private async Task SameAsync(List<string> files, string directory)
    {
        foreach (var file in files)
        {
            await using var was = File.OpenRead(Path.Combine(_directory, "in", file));
            await using var became = File.OpenRead(Path.Combine(_directory, directory, file));
            Assert.Equal(await SHA256.HashDataAsync(was, Cancelled), await SHA256.HashDataAsync(became, Cancelled));
        }
    }
}
