using System.Security.Cryptography;

namespace Domicile.Deployments;

/// <summary>
/// The key with which a process signs receipts and checkpoints: ECDSA P-256, DIR/PROCESS/keys/signing.key (PKCS#8 PEM,
/// 0600) and signing.pub (SubjectPublicKeyInfo PEM), as openssl reads them.
/// </summary>
internal static class SigningKey
{
    /// <summary>The caller disposes it.</summary>
    public static ECDsa LoadOrCreate(string dataDirectory, ProcessRole role) => throw new NotImplementedException();
}
