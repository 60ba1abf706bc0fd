using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Storage;

/// <summary>
/// A custodian that is a file: 32 random bytes in <c>keys/custodian.key</c> of the region's directory, readable by its
/// owner only. Wrapped: version 1, 12 bytes nonce, 32 bytes, 16 bytes tag; AES-256-GCM with the account's id as
/// associated data. Whoever loses the file loses every account of the region. See docs/formats/content.md.
/// </summary>
internal sealed class LocalCustodian : ICustodian, IDisposable
{
    private const byte FormatVersion = 1;
    private const int KeyBytes = 32;
    private const int WrappedBytes = 1 + SealedSmall.NonceBytes + KeyBytes + SealedSmall.TagBytes;

    private static readonly byte[] CheckPurpose = "domicile custodian check v1"u8.ToArray();

    private readonly byte[] _root;

    private LocalCustodian(byte[] root) => _root = root;

    /// <summary>
    /// Reads the region's key, or draws it where there is none yet. A known value that it wrapped lies beside it, in
    /// <c>keys/custodian.check</c>: a key that doesn't open it is another one.
    /// </summary>
    /// <exception cref="StorageUnreadableException">The file isn't the region's key.</exception>
    public static async Task<LocalCustodian> OpenAsync(string regionDirectory, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(regionDirectory, "keys");
        var path = Path.Combine(directory, "custodian.key");
        if (!File.Exists(path))
        {
            SmallFile.CreateDirectory(directory);
            DurableFile.FlushDirectory(regionDirectory);
            await DurableFile.ReplaceAsync(path, RandomNumberGenerator.GetBytes(KeyBytes), cancellationToken);
        }

        var root = await File.ReadAllBytesAsync(path, cancellationToken);
        if (root.Length != KeyBytes)
        {
            throw new StorageUnreadableException(
                $"'{path}' is not a key of {KeyBytes} bytes. Restore it from its copy: nothing can be read without it.");
        }

        await CheckAsync(root, path, Path.Combine(directory, "custodian.check"), cancellationToken);
        return new LocalCustodian(root);
    }

    private static async Task CheckAsync(byte[] root, string keyPath, string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            await DurableFile.ReplaceAsync(path, SealedSmall.Seal(root, CheckPurpose, CheckPurpose), cancellationToken);
            return;
        }

        var known = new byte[CheckPurpose.Length];
        var check = await File.ReadAllBytesAsync(path, cancellationToken);
        if (SealedSmall.PlainLength(check) != known.Length || !SealedSmall.TryOpen(root, CheckPurpose, check, known))
        {
            throw new StorageUnreadableException(
                $"'{keyPath}' is not the key that this region began with, or is damaged ('{path}' says so). Nothing was changed. "
                + "Restore it from its copy: accounts can't be read without it.");
        }
    }

    public byte[] Wrap(AccountId account, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        return [FormatVersion, .. SealedSmall.Seal(_root, Encoding.ASCII.GetBytes(account.Value), key)];
    }

    public void Unwrap(AccountId account, ReadOnlySpan<byte> wrapped, Span<byte> key)
    {
        if (wrapped.Length != WrappedBytes || wrapped[0] != FormatVersion
            || !SealedSmall.TryOpen(_root, Encoding.ASCII.GetBytes(account.Value), wrapped[1..], key))
        {
            // The custodian's key is the one that the region began with: that was checked at the start.
            throw new StorageUnreadableException(
                $"The key of account {account} was not wrapped by this region's custodian: its files are another region's or "
                + "another deployment's, or damaged.")
            {
                Next = $"Stop the region, put {account}'s own directory back below accounts/, from a backup of this very region, "
                    + "and start it again. Files don't bring an account from one region to another: moves do.",
            };
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_root);
}
