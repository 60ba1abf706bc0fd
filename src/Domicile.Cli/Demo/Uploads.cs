using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;

namespace Domicile.Cli.Demo;

/// <summary>Fills an account through S3: versioned buckets, files with the account's markers in names and metadata.</summary>
internal static class Uploads
{
    public const string MetadataName = "x-amz-meta-owner";

    public static async Task FillAsync(
        Person person, Uri endpoint, IReadOnlyList<SampleFile> files, Journal journal, Action<string> say,
        CancellationToken cancellationToken)
    {
        using var client = StockClient.Open(person, endpoint);
        foreach (var bucket in files.Select(file => file.Bucket).Append(Device.Bucket).Distinct(StringComparer.Ordinal))
        {
            await client.PutBucketAsync(new PutBucketRequest { BucketName = bucket }, cancellationToken);
            await client.PutBucketVersioningAsync(
                new PutBucketVersioningRequest
                {
                    BucketName = bucket,
                    VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
                },
                cancellationToken);
        }

        foreach (var file in files)
        {
            byte[] content;
            try
            {
                content = await File.ReadAllBytesAsync(file.Path, cancellationToken);
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                say($"{file.Path} can't be read: left out ({unreadable.Message})");
                continue;
            }

            var key = $"{person.Markers.Name}/{Path.GetFileName(file.Path)}";
            journal.Acknowledged(await PutAsync(client, person, file.Bucket, key, content, cancellationToken));
        }

        var note = Encoding.UTF8.GetBytes($"A note of {person.Markers.Content}\n");
        journal.Acknowledged(await PutAsync(
            client, person, Device.Bucket, $"{person.Markers.Name}/note.txt", note, cancellationToken));
    }

    public static async Task<AcknowledgedWrite> PutAsync(
        AmazonS3Client client, Person person, string bucket, string key, byte[] content, CancellationToken cancellationToken)
    {
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = key,
            InputStream = new MemoryStream(content, writable: false),
        };
        request.Metadata.Add(MetadataName, person.Markers.Metadata);
        var answer = await client.PutObjectAsync(request, cancellationToken);
        return new AcknowledgedWrite(
            bucket, key, answer.VersionId, answer.ETag, Convert.ToHexStringLower(SHA256.HashData(content)));
    }
}
