using Domicile.Accounts;

namespace Domicile.Server.Peers;

/// <summary>That a request came from another region and not from its client, and how.</summary>
/// <param name="By">The region whose certificate the link showed.</param>
/// <param name="Hops">How many nodes it has passed, this one not counted: at least 1.</param>
/// <param name="HostBucket">The bucket that the Host names, as the node where the request entered read it.</param>
internal sealed record Relayed(RegionName By, int Hops, string? HostBucket)
{
    private static readonly object Key = new();

    /// <summary>The body waits at the region that relays until it is asked for; to read it is to ask.</summary>
    public required bool IsBodyHeld { get; init; }

    /// <summary>It has no body, and isn't to be run: see <see cref="RelayEndpoint.QuestionHeader"/>.</summary>
    public required bool IsQuestion { get; init; }

    /// <summary>Null for a request of a client.</summary>
    public static Relayed? Of(HttpContext context) => context.Items.TryGetValue(Key, out var relayed) ? (Relayed)relayed! : null;

    public void Mark(HttpContext context) => context.Items[Key] = this;
}
