using Domicile.Moves;

namespace Domicile.Server.Peers;

/// <summary>By which the two ends of a question between processes say what they speak: <see cref="PeerProtocol"/>.</summary>
internal static class PeerHeader
{
    /// <summary>In an answer.</summary>
    public static void Say(HttpContext context) => context.Response.Headers[PeerProtocol.HeaderName] = PeerProtocol.Own.Header;

    /// <returns>Why the question can't be answered; null if it can.</returns>
    /// <param name="self">This process, as people name it.</param>
    /// <param name="caller">Who asks.</param>
    public static string? TroubleOf(HttpContext context, string self, string caller)
        => PeerProtocol.TroubleOf(
            self, caller, context.Request.Headers[PeerProtocol.HeaderName] is { Count: > 0 } said ? said.ToString() : null);
}
