using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;

namespace Domicile.Simulation.Clients;

/// <summary>Runs a call that another region hands over, as src/Domicile.Server/S3/RequestReplay.cs does.</summary>
/// <param name="isCredulous">A bug: whoever hands over is believed.</param>
internal sealed class Replay(bool isCredulous) : IRequestReplay
{
    public const string Denied = "InvalidAccessKeyId";

    public string? SignatureOf(AccountId account, ReadOnlyMemory<byte> head)
        => Read(head) is { Request.IsWrite: true } call && call.Request.Account == account ? call.Signature : null;

    public async Task<ReplayRefusal?> RunAsync(
        AccountCopy copy, ReadOnlyMemory<byte> head, Stream body, DateTimeOffset asOf, IAccountWrites writes,
        CancellationToken cancellationToken)
    {
        var call = Read(head)!;
        if (!isCredulous && !call.IsSignedWith(await copy.FindCredentialAsync(call.Request.AccessKey, cancellationToken)))
        {
            return new ReplayRefusal(Denied, null, IsForged: true);
        }

        if (call.Request is not (Request.Put or Request.PutPart))
        {
            await writes.WriteAsync(copy, Commands.Of(call.Request, null), null, cancellationToken);
            return null;
        }

        // The number that a content says is what its signature covers, as a hash would be.
        var bytes = new byte[BodyOf(call.Request).Length];
        for (var at = 0; at < bytes.Length;)
        {
            // ReadExactlyAsync would go on in another thread.
            var read = await body.ReadAsync(bytes.AsMemory(at), cancellationToken);
            at += read > 0 ? read : throw new EndOfStreamException();
        }

        if (!bytes.AsSpan().SequenceEqual(BodyOf(call.Request)))
        {
            return new ReplayRefusal("XAmzContentSHA256Mismatch", null, IsForged: false);
        }

        await using var writer = copy.StageContent();
        await writer.WriteAsync(bytes, cancellationToken);
        var staged = await writer.CompleteAsync(cancellationToken);
        if (await writes.WriteAsync(copy, Commands.Of(call.Request, staged), null, cancellationToken) is not CommandResult.Refused)
        {
            writer.Adopted();
        }

        return null;
    }

    public static byte[] BodyOf(Request request)
        => request switch
        {
            Request.Put put => Contents.BytesOf(put.Value, put.LengthBytes),
            Request.PutPart part => Contents.BytesOf(part.Value, part.LengthBytes),
            _ => [],
        };

    private static SignedCall? Read(ReadOnlyMemory<byte> head) => JsonSerializer.Deserialize<SignedCall>(head.Span);
}

/// <summary>What a request asks of the store.</summary>
internal static class Commands
{
    /// <param name="staged">Null for requests without a content.</param>
    public static AccountCommand Of(Request request, StagedContent? staged)
        => request switch
        {
            Request.Put put => new PutObject(
                put.Bucket, put.Key, staged!, Contents.ETagOf(put.Value), new ObjectHeaders(), [], Contents.NoTags,
                put.OnlyIfAbsent ? WriteConditions.None with { IfNoneMatch = ["*"] } : WriteConditions.None),
            Request.PutPart part => new PutPart(
                part.Bucket, part.Key, part.UploadId, part.Number, staged!, Contents.ETagOf(part.Value), null),
            Request.Delete(_, _, var bucket, var key) => new DeleteObject(bucket, key, null, WriteConditions.None),
            Request.Copy(_, _, var bucket, var from, var key) => new CopyObject(
                bucket, from, null, WriteConditions.None, bucket, key, null, null, WriteConditions.None),
            Request.BeginUpload(_, _, var bucket, var key, var id) => new CreateUpload(
                bucket, key, id, new ObjectHeaders(), Contents.NoTags, null, false),
            Request.Complete(_, _, var bucket, var key, var id, var etags) => new CompleteUpload(
                bucket, key, id, [.. etags.Select((etag, i) => new PartToComplete(i + 1, etag, null))], null, null,
                WriteConditions.None),
            _ => throw new System.Diagnostics.UnreachableException(request.ToString()),
        };
}
