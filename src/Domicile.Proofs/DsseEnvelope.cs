using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Domicile.Proofs.Statements;

namespace Domicile.Proofs;

/// <summary>
/// A statement and one signature over it: DSSE v1 (https://github.com/secure-systems-lab/dsse, protocol.md). The
/// signature is ECDSA on P-256 over SHA-256 of the pre-authentication encoding, in DER.
/// </summary>
/// <param name="Payload">The canonical bytes of the statement.</param>
/// <param name="KeyId">See <see cref="PublicKey.KeyId"/>. A hint: who verifies brings the key.</param>
public sealed record DsseEnvelope(byte[] Payload, string KeyId, byte[] Signature)
{
    public const string PayloadType = "application/vnd.in-toto+json";

    private const int SignatureLengthBytesMax = 80;

    // Base64 of the longest statement, and what stands around it.
    private const int LengthBytesMax = (Statement.LengthBytesMax / 3 * 4) + 1024;

    /// <summary>SHA-256 of the canonical bytes, in hex: how other statements name this envelope.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(ToBytes()));

    /// <exception cref="ArgumentException">A field of the statement holds what no statement may say.</exception>
    public static DsseEnvelope Sign(Statement statement, EcdsaSigner signer)
    {
        var payload = statement.ToBytes();
        var signature = signer.Sign(PreAuthenticationEncoding(PayloadType, payload));
        return new DsseEnvelope(payload, signer.PublicKey.KeyId, signature);
    }

    /// <summary>The canonical bytes: UTF-8 JSON in one line without white space. They are the leaf of the ledger.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(ToForm(), ProofsJson.Compact.EnvelopeForm);

    /// <summary>Reads the canonical bytes. Nothing is verified yet.</summary>
    /// <param name="problem">What is wrong, where the answer is false; empty otherwise.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DsseEnvelope? envelope, out string problem)
    {
        (envelope, problem) = (null, "the envelope is not in its canonical form");
        if (bytes.Length > LengthBytesMax)
        {
            return false;
        }

        try
        {
            var form = JsonSerializer.Deserialize(bytes, ProofsJson.Compact.EnvelopeForm);
            var isCanonical = form is not null
                && TryRead(form, out envelope, out problem)
                && envelope.ToBytes().AsSpan().SequenceEqual(bytes);
            envelope = isCanonical ? envelope : null;
            problem = isCanonical ? "" : problem.Length > 0 ? problem : "the envelope is not in its canonical form";
        }
        catch (JsonException e)
        {
            problem = $"the envelope is not the JSON of one, at byte {e.BytePositionInLine}";
        }

        return envelope is not null;
    }

    /// <summary>Whether the key made the signature. The key id is compared too: an envelope that names another key lies.</summary>
    public bool IsSignedBy(PublicKey key)
        => KeyId == key.KeyId && key.Verify(PreAuthenticationEncoding(PayloadType, Payload), Signature);

    /// <summary>Reads the statement inside. Nothing is verified by that.</summary>
    public bool TryReadStatement([NotNullWhen(true)] out Statement? statement, out string problem)
        => Statement.TryParse(Payload, out statement, out problem);

    /// <summary>DSSE's PAE: <c>DSSEv1 LEN(type) type LEN(payload) payload</c>, lengths in bytes.</summary>
    internal static byte[] PreAuthenticationEncoding(string type, ReadOnlySpan<byte> payload)
    {
        var typeLengthBytes = Encoding.UTF8.GetByteCount(type);
        var head = string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {typeLengthBytes} {type} {payload.Length} ");
        return [.. Encoding.UTF8.GetBytes(head), .. payload];
    }

    internal EnvelopeForm ToForm()
        => new(
            PayloadType, Convert.ToBase64String(Payload),
            [new EnvelopeSignatureForm(KeyId, Convert.ToBase64String(Signature))]);

    internal static bool TryRead(
        EnvelopeForm form, [NotNullWhen(true)] out DsseEnvelope? envelope, out string problem)
    {
        (envelope, problem) = Read(form);
        return envelope is not null;
    }

    private static (DsseEnvelope?, string) Read(EnvelopeForm form)
    {
        if (form is not { PayloadType: PayloadType, Signatures: [{ } signature] })
        {
            return (null, $"the envelope is not of {PayloadType} with one signature");
        }

        if (!CanonicalText.IsHex(signature.KeyId, SHA256.HashSizeInBytes))
        {
            return (null, "the envelope's keyid is not 64 lower-case hex digits");
        }

        if (!CanonicalText.TryFromBase64(signature.Sig, out var sig) || sig.Length > SignatureLengthBytesMax)
        {
            return (null, "the envelope's sig is not base64 of a P-256 signature");
        }

        return CanonicalText.TryFromBase64(form.Payload, out var payload) && payload.Length <= Statement.LengthBytesMax
            ? (new DsseEnvelope(payload, signature.KeyId, sig), "")
            : (null, "the envelope's payload is not base64 of a statement");
    }
}

internal sealed record EnvelopeForm(string PayloadType, string Payload, EnvelopeSignatureForm[] Signatures);

internal sealed record EnvelopeSignatureForm([property: JsonPropertyName("keyid")] string KeyId, string Sig);
