namespace Domicile.Deployments;

/// <summary>What the security log knows of. The names are in the file, see docs/formats/security-log.md.</summary>
internal enum SecurityEvent
{
    /// <summary>An S3 request names a key of ours, and its signature is not by that key.</summary>
    SignatureFailed,

    /// <summary>An S3 request names a key that there is not, or no more.</summary>
    KeyUnknown,

    /// <summary>An S3 request names a key that was revoked here.</summary>
    KeyRevoked,

    /// <summary>A request to control's API shows a token that nobody holds.</summary>
    TokenFailed,

    /// <summary>A request to control's API was not looked at: there were too many failures before it.</summary>
    TokenThrottled,

    /// <summary>A process of the deployment asked for what it may not.</summary>
    PeerRefused,

    /// <summary>Who came to a peer listener did not show a certificate of the deployment.</summary>
    HandshakeFailed,

    /// <summary>A former home handed over what no client has signed, or what it may not hand over any more.</summary>
    HandOverRefused,

    /// <summary>An order whose signature is not control's, or which is for another region.</summary>
    OrderRefused,

    /// <summary>A region relayed a request through which the policy lets no content of the account pass.</summary>
    TransitRefused,

    /// <summary>An operator added or revoked an access key.</summary>
    KeysChanged,
}
