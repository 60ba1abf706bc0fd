using System.Text;
using Domicile.Accounts;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>A key for one secret that control is about to send, or for those of one question.</summary>
internal sealed record SecretOffer(Guid Id, byte[] PublicKey);

/// <summary>A new access key's secret on its way from control.</summary>
/// <param name="Offer">The region's <see cref="SecretOffer"/>, used up by this.</param>
/// <param name="Box">See <see cref="SecretBox"/>; its purpose is the access key's id.</param>
internal sealed record BoxedSecret(Guid Offer, byte[] Box)
{
    /// <summary>Those of one question, in their order.</summary>
    public static IReadOnlyList<BoxedSecret> SealAll(SecretOffer offer, IReadOnlyList<Credential> credentials)
        => [.. SecretBox.SealAll(offer.PublicKey, [.. credentials.Select(one => (PurposeOf(one), one.Secret))])
            .Select(box => new BoxedSecret(offer.Id, box))];

    public static byte[] PurposeOf(Credential credential) => Encoding.UTF8.GetBytes(credential.AccessKeyId);
}

/// <summary>
/// The keys that this region has drawn for secrets that are on their way. Each opens those of one question. Thread-safe.
/// </summary>
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
    public Credential Open(Credential credential, BoxedSecret boxed) => OpenAll([(credential, boxed)])[0];

    /// <summary>Those of one question: all are sealed for one offer.</summary>
    /// <inheritdoc cref="Open"/>
    public IReadOnlyList<Credential> OpenAll(IReadOnlyList<(Credential Credential, BoxedSecret Boxed)> secrets)
    {
        var offer = secrets[0].Boxed.Offer;
        using var key = secrets.All(one => one.Boxed.Offer == offer) && Take(offer) is { } taken ? taken
            : throw new InvalidDataException("The secret is sealed for a key that is not known here any more. Ask for another.");
        var opened = key.OpenAll([.. secrets.Select(one => (BoxedSecret.PurposeOf(one.Credential), one.Boxed.Box))]);
        return [.. secrets.Zip(opened, (one, secret) => one.Credential with { Secret = secret })];
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
