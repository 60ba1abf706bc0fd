using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Proofs;

namespace Domicile.Moves;

/// <summary>
/// What control signs of what it tells regions (docs/protocols/move.md): an order, and a call that has none or can't be
/// taken back. Each text begins with what it is for, so that no signature stands for another kind.
/// </summary>
internal static class ControlSignature
{
    /// <summary>The header of a signed call; base64.</summary>
    public const string HeaderName = "domicile-control-signature";

    private const string OrderTag = "domicile-order-v1";
    private const string CallTag = "domicile-call-v1";

    public static byte[] TextOf(MoveOrder order)
        => Lines(
            OrderTag, order.Move.ToString(), order.Account.Value, order.Profile.Residence.Code,
            order.Profile.Organisation is { } organisation ? Convert.ToBase64String(Encoding.UTF8.GetBytes(organisation)) : "-",
            Digits(order.Epoch), order.Source.Value, order.Target.Value, Digits(order.PolicyRevision),
            Convert.ToHexStringLower(order.Salt));

    public static byte[] TextOf(RegionName region, string call, ReadOnlySpan<byte> body)
        => Lines(CallTag, region.Value, call, Convert.ToHexStringLower(SHA256.HashData(body)));

    private static byte[] Lines(params ReadOnlySpan<string?> lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");

    private static string Digits(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Signs for control. An order that says the same again has the same signature, which costs nothing.</summary>
internal sealed class OrderSigner(EcdsaSigner signer)
{
    private readonly ConcurrentDictionary<string, byte[]> _signatures = new();

    public MoveOrder Sign(MoveOrder order)
    {
        var text = ControlSignature.TextOf(order);
        if (_signatures.Count >= MoveLimits.SignaturesKept)
        {
            _signatures.Clear();
        }

        return order with { Signature = _signatures.GetOrAdd(Encoding.UTF8.GetString(text), _ => signer.Sign(text)) };
    }

    public string SignCall(RegionName region, string call, ReadOnlySpan<byte> body)
        => Convert.ToBase64String(signer.Sign(ControlSignature.TextOf(region, call, body)));
}

/// <summary>A region's knowledge of control's key: whoever shows an order or makes a call, it is control that must have signed.</summary>
internal sealed class OrderCheck(PublicKey control)
{
    // Of orders that were good, by SHA-256 of text and signature: each message of a move shows the same one.
    private readonly ConcurrentDictionary<string, bool> _good = new();

    /// <summary>Orders come from anywhere: parts may be missing.</summary>
    public bool IsControls([NotNullWhen(true)] MoveOrder? order)
    {
        if (order is not { Profile: not null, Salt: not null, Signature: not null })
        {
            return false;
        }

        var text = ControlSignature.TextOf(order);
        var name = Convert.ToHexString(SHA256.HashData([.. text, .. order.Signature]));
        if (_good.ContainsKey(name))
        {
            return true;
        }

        if (!control.Verify(text, order.Signature))
        {
            return false;
        }

        if (_good.Count >= MoveLimits.SignaturesKept)
        {
            _good.Clear();
        }

        return _good[name] = true;
    }

    /// <param name="signature">The header; null where there is none.</param>
    public bool IsControls(RegionName region, string call, ReadOnlySpan<byte> body, string? signature)
    {
        Span<byte> bytes = stackalloc byte[SignatureBytesMax];
        return signature is not null && Convert.TryFromBase64String(signature, bytes, out var length)
            && control.Verify(ControlSignature.TextOf(region, call, body), bytes[..length]);
    }

    // DER of two numbers of 32 bytes.
    private const int SignatureBytesMax = 72;
}
