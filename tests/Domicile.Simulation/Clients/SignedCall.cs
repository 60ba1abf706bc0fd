using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Domicile.Accounts;
using Domicile.Moves;

namespace Domicile.Simulation.Clients;

/// <summary>A request with its client's signature, which nobody can make without the access key's secret.</summary>
/// <param name="Number">Counts the client's requests: none is like another.</param>
/// <param name="Signature">HMAC-SHA-256 over request and number, hex.</param>
internal sealed record SignedCall(Request Request, long Number, string Signature)
{
    public static SignedCall Sign(Request request, long number)
        => new(request, number, SignatureOf(request, number, SecretOf(request.AccessKey)));

    /// <summary>What an access key's credential is made with.</summary>
    public static string SecretOf(string accessKey) => $"secret of {accessKey}";

    public bool IsSignedWith(Credential? credential)
        => credential is not null && Signature == SignatureOf(Request, Number, credential.Secret.ToText());

    private static string SignatureOf(Request request, long number, string secret)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(request);
        var signed = new byte[sizeof(long) + text.Length];
        BinaryPrimitives.WriteInt64BigEndian(signed, number);
        text.CopyTo(signed.AsSpan(sizeof(long)));
        return Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
    }
}

/// <summary>A call that a region serves.</summary>
internal sealed record ReceivedCall(SignedCall Call, DateTimeOffset ReceivedAt) : ISignedRequest
{
    public byte[] EncodeHead() => JsonSerializer.SerializeToUtf8Bytes(Call);

    public async Task WriteBodyAsync(Stream destination, CancellationToken cancellationToken)
        => await destination.WriteAsync(Replay.BodyOf(Call.Request), cancellationToken);
}
