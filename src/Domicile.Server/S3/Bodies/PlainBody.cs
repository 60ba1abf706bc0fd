using System.IO.Pipelines;
using System.Security.Cryptography;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3.Bodies;

/// <summary>A body that is sent as it is; its SHA-256 is computed only where the client signed one.</summary>
internal sealed class PlainBody(PipeReader source, PayloadHash payload, long? lengthBytes) : RequestBody(source)
{
    private readonly IncrementalHash? _hash
        = payload.Kind == PayloadKind.Hashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;

    private long _received;
    private bool _ended;

    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        while (!_ended && Failure is null && await FillAsync(cancellationToken) is { } read)
        {
            if (read.Buffer.IsEmpty && read.IsCompleted)
            {
                Skip(read.Buffer.End);
                End();
                break;
            }

            var bytes = Take(read.Buffer, long.MaxValue);
            if (!bytes.IsEmpty)
            {
                _received += bytes.Length;
                _hash?.AppendData(bytes.Span);
                return bytes;
            }
        }

        return default;
    }

    public override void Dispose()
    {
        base.Dispose();
        _hash?.Dispose();
    }

    private void End()
    {
        _ended = true;
        if (lengthBytes is { } announced && announced != _received)
        {
            Failure = S3Error.Of("IncompleteBody");
        }
        else if (_hash is not null)
        {
            var computed = Convert.ToHexStringLower(_hash.GetHashAndReset());
            Failure = SigningKey.AreEqual(computed, payload.Text.ToLowerInvariant())
                ? null
                : S3Error.Of("XAmzContentSHA256Mismatch")
                    .WithDetail("ClientComputedContentSHA256", payload.Text)
                    .WithDetail("S3ComputedContentSHA256", computed);
        }
    }
}
