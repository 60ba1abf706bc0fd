using System.Security.Cryptography;
using Domicile.Proofs;
using Xunit;

namespace Domicile.Tests.Proofs;

public sealed class PublicKeyTests
{
    [Fact]
    public void A_key_is_the_same_through_PEM_and_DER()
    {
        using var signer = EcdsaSigner.Generate();
        using var restored = EcdsaSigner.FromPem(signer.ToPrivatePem());

        Assert.True(PublicKey.TryFromPem(signer.PublicKey.ToPem(), out var fromPem));
        Assert.True(PublicKey.TryFromSpki(signer.PublicKey.Spki, out var fromSpki));
        Assert.Equal(signer.PublicKey, fromPem);
        Assert.Equal(signer.PublicKey, fromSpki);
        Assert.Equal(signer.PublicKey, restored.PublicKey);
        Assert.True(fromPem.Verify("text"u8, restored.Sign("text"u8)));
    }

    [Fact]
    public void It_verifies_what_it_signed_and_nothing_else()
    {
        using var signer = EcdsaSigner.Generate();
        using var other = EcdsaSigner.Generate();
        var signature = signer.Sign("text"u8);

        Assert.True(signer.PublicKey.Verify("text"u8, signature));
        Assert.False(signer.PublicKey.Verify("texts"u8, signature));
        Assert.False(other.PublicKey.Verify("text"u8, signature));
        Assert.False(signer.PublicKey.Verify("text"u8, []));
        Assert.False(signer.PublicKey.Verify("text"u8, [.. signature, 0]));
        Assert.False(signer.PublicKey.Verify("text"u8, new byte[72]));
    }

    [Fact]
    public void Only_a_private_key_signs()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var signer = EcdsaSigner.Generate();
        string[] wrong = ["", "no key", signer.PublicKey.ToPem(), p384.ExportPkcs8PrivateKeyPem()];

        Assert.All(wrong, pem => Assert.Throws<ArgumentException>(() => EcdsaSigner.FromPem(pem)));
    }

    [Fact]
    public void Every_other_key_is_refused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        using var signer = EcdsaSigner.Generate();
        var spki = signer.PublicKey.Spki.ToArray();

        Assert.False(PublicKey.TryFromSpki(p384.ExportSubjectPublicKeyInfo(), out _));
        Assert.False(PublicKey.TryFromPem(rsa.ExportSubjectPublicKeyInfoPem(), out _));
        Assert.False(PublicKey.TryFromPem(signer.ToPrivatePem(), out _));
        Assert.False(PublicKey.TryFromSpki([.. spki, 0], out _));
        Assert.False(PublicKey.TryFromSpki([], out _));
        Assert.False(PublicKey.TryFromPem("", out _));
        Assert.False(PublicKey.TryFromPem(signer.PublicKey.ToPem() + signer.PublicKey.ToPem(), out _));
        for (var bit = 0; bit < spki.Length * 8; bit++)
        {
            spki[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(PublicKey.TryFromSpki(spki, out _)); // no longer this head, or not on the curve
            spki[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }
}
