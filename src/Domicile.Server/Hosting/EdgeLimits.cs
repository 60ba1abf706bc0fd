using Domicile.Deployments;

namespace Domicile.Server.Hosting;

/// <summary>What a connection may cost before anybody has shown who he is, and how long it may take.</summary>
internal static class EdgeLimits
{
    /// <summary>
    /// Of one listener: 2,000; no more than a quarter of the files that the process may have open beside its own, so that silent
    /// connections leave some for the store and for others.
    /// </summary>
    public static readonly int ConnectionsMax = (int)Math.Min(2000, ProcessFiles.Shared / 4);

    /// <summary>Of them, of one address: a quarter.</summary>
    public static readonly int ConnectionsOfAddressMax = ConnectionsMax / 4;

    /// <summary>
    /// Of a peer listener, of one region: more than one process opens to another for all its kinds of questions together.
    /// Control's own are as many, and always free for it.
    /// </summary>
    public static readonly int ConnectionsOfPeerMax = Math.Min(450, ConnectionsMax / 4);

    /// <summary>Of one listener, those that are being closed included; further ones wait to be taken.</summary>
    public static readonly int ConnectionsOpenMax = ConnectionsMax + Math.Max(8, ConnectionsMax / 8);

    /// <summary>Connections that the system keeps until they are taken: a flood must not have it drop others' first packets.</summary>
    public const int BacklogMax = 4096;

    /// <summary>An S3 listener's first line: a key of 1,024 bytes, percent-encoded, and a presigned query.</summary>
    public const int RequestLineBytesMax = 16 << 10;

    /// <summary>All headers of a request; trailers too.</summary>
    public const int HeadBytesMax = 32 << 10;

    public const int StreamsOfConnectionMax = 32;

    /// <summary>What a client may send ahead on one stream of HTTP/2.</summary>
    public const int StreamWindowBytes = 128 << 10;

    /// <summary>What it may send ahead on all streams of a connection together.</summary>
    public const int ConnectionWindowBytes = 256 << 10;

    /// <summary>
    /// Requests of one connection that are relayed at the same time as long as none of it was served: so many streams of one
    /// connection keep no other waiting.
    /// </summary>
    public const int StrangersRelaysOfConnection = 2;

    /// <summary>Bodies that a process holds whose senders it can't check: of all its clients together.</summary>
    public const long UnprovenBodiesBytesMax = 64L << 20;

    /// <summary>From the connection, or from the end of its handshake, to the first bytes.</summary>
    public static readonly TimeSpan FirstByteMax = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan HandshakeMax = TimeSpan.FromSeconds(5);

    /// <summary>From a request's first line to the end of its headers.</summary>
    public static readonly TimeSpan HeadMax = TimeSpan.FromSeconds(10);

    /// <summary>A client's connection between two requests, an unfinished first line included.</summary>
    public static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(60);
}
