using System.Text;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>A key for one secret that control is about to send.</summary>
internal sealed record SecretOffer(Guid Id, byte[] PublicKey);

/// <summary>A new access key's secret on its way from control.</summary>
/// <param name="Offer">The region's <see cref="SecretOffer"/>, used up by this.</param>
/// <param name="Box">See <see cref="SecretBox"/>; its purpose is the access key's id.</param>
internal sealed record BoxedSecret(Guid Offer, byte[] Box)
{
    public static BoxedSecret Seal(SecretOffer offer, Credential credential)
        => new(offer.Id, SecretBox.Seal(
            offer.PublicKey, Encoding.UTF8.GetBytes(credential.AccessKeyId), credential.Secret.Span));
}

/// <summary>The keys that this region has drawn for secrets that are on their way. Each opens one. Thread-safe.</summary>
internal sealed class SecretOffers(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Queue<(Guid Id, SecretBox Key)> _open = [];

    /// <summary>Where too many are open the oldest is dropped: whoever has it asks for another.</summary>
    public SecretOffer Draw()
    {
        var (id, key) = (Guid.CreateVersion7(time.GetUtcNow()), new SecretBox());
        lock (_gate)
        {
            while (_open.Count >= MoveLimits.SecretOffersMax)
            {
                _open.Dequeue().Key.Dispose();
            }

            _open.Enqueue((id, key));
        }

        return new SecretOffer(id, key.PublicKey);
    }

    /// <returns>The credential with its secret; the caller disposes it.</returns>
    /// <exception cref="InvalidDataException">There is no such offer any more, or the box is not for this access key.</exception>
    public Credential Open(Credential credential, BoxedSecret boxed)
    {
        using var key = Take(boxed.Offer)
            ?? throw new InvalidDataException("The secret is sealed for a key that is not known here any more. Ask for another.");
        return credential with { Secret = key.Open(Encoding.UTF8.GetBytes(credential.AccessKeyId), boxed.Box) };
    }

    private SecretBox? Take(Guid id)
    {
        lock (_gate)
        {
            SecretBox? found = null;
            for (var left = _open.Count; left > 0; left--)
            {
                var one = _open.Dequeue();
                if (one.Id == id)
                {
                    found = one.Key;
                }
                else
                {
                    _open.Enqueue(one);
                }
            }

            return found;
        }
    }
}
