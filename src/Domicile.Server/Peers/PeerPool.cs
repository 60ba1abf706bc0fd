using System.Security.Authentication;

namespace Domicile.Server.Peers;

/// <summary>
/// One pool of connections, which can be replaced while requests are under way on it: those go on. Once the last of them has
/// its answer's headers the pool is closed: its idle connections at once, and each other when its answer's body has ended
/// (<see cref="SocketsHttpHandler"/> cuts no HTTP/1.1 connection that is in use).
/// </summary>
/// <param name="address">Of the peer. The handler keeps a pool of its own for each authority that it is asked for.</param>
internal sealed class PeerPool(HttpMessageHandler handler, Uri address) : IDisposable
{
    private readonly HttpMessageInvoker _invoker = new(handler);
    private readonly Lock _lock = new();
    private int _sending;
    private bool _isDisposed;

    /// <returns>False if it is disposed. If true, <see cref="SendAsync"/> must follow.</returns>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return false;
            }

            _sending++;
            return true;
        }
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            // One authority and no Host of the caller's: so that nobody makes this pool more than one.
            Invariant.Check(request.RequestUri!.Authority == address.Authority);
            request.Headers.Host = null;
            return await _invoker.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException refused) when (refused.InnerException is AuthenticationException { Message: var why })
        {
            throw new HttpRequestException(refused.HttpRequestError, $"It is not trusted: {why}", refused);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Nothing is sent over it any more; what is under way goes on.</summary>
    public void Dispose()
    {
        bool isUnused;
        lock (_lock)
        {
            isUnused = !_isDisposed && _sending == 0;
            _isDisposed = true;
        }

        if (isUnused)
        {
            _invoker.Dispose();
        }
    }

    private void Leave()
    {
        bool isUnused;
        lock (_lock)
        {
            isUnused = --_sending == 0 && _isDisposed;
        }

        if (isUnused)
        {
            _invoker.Dispose();
        }
    }
}
