using System.Globalization;
using System.Text.Json.Serialization;

namespace Domicile.Moves;

/// <summary>
/// Which versions of what processes say to each other a process speaks, formats of rows and contents on the link included
/// (docs/protocols/move.md). Two processes go by the newest that both speak. What an older one lacks has a constant here.
/// </summary>
/// <param name="Oldest">From 1.</param>
/// <param name="Newest">At least <paramref name="Oldest"/>.</param>
internal readonly record struct PeerProtocol(int Oldest, int Newest)
{
    /// <summary>Of each question and answer between processes, but not of an answer to a relayed request.</summary>
    public const string HeaderName = "domicile-protocol";

    /// <summary>The version that began to ask about many accounts at a time, and to make them.</summary>
    public const int ManyAccounts = 2;

    private const int NewestMax = 9999;

    public static readonly PeerProtocol Own = new(1, 2);

    /// <summary>Of release 0.1.0, which doesn't say.</summary>
    public static readonly PeerProtocol Unsaid = new(1, 1);

    [JsonIgnore]
    public string Header => string.Create(CultureInfo.InvariantCulture, $"{Oldest}-{Newest}");

    /// <returns>Null where it is no version.</returns>
    public static PeerProtocol? TryParse(string text)
        => text.Split('-') is [var oldest, var newest]
            && TryNumber(oldest, out var from) && TryNumber(newest, out var to) && from <= to
            ? new PeerProtocol(from, to) : null;

    /// <param name="header">As it came; null where there was none.</param>
    /// <returns>Why the two can't speak to each other, and what to do; null if they can.</returns>
    /// <param name="self">This process, as people name it.</param>
    /// <param name="peer">The other one.</param>
    public static string? TroubleOf(string self, string peer, string? header)
        => header is null ? Own.TroubleWith(self, peer, Unsaid)
            : TryParse(header) is { } theirs ? Own.TroubleWith(self, peer, theirs)
            : $"{peer} names no protocol that could be read: upgrade {self} first.";

    /// <inheritdoc cref="TroubleOf"/>
    /// <param name="theirs">What the other one speaks.</param>
    public string? TroubleWith(string self, string peer, PeerProtocol theirs)
        => theirs.Newest >= Oldest && theirs.Oldest <= Newest ? null
            : $"{peer} speaks protocol {theirs}, {self} speaks {this}: upgrade {(theirs.Newest < Oldest ? peer : self)} first.";

    /// <summary>For people.</summary>
    public override string ToString()
        => Oldest == Newest ? Oldest.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Oldest} to {Newest}");

    private static bool TryNumber(string text, out int number)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is > 0 and <= NewestMax;
}
