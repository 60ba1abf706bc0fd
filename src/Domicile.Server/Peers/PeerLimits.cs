namespace Domicile.Server.Peers;

/// <summary>
/// The bounds of the deployment's links, with their units: what a client, a peer or both together may take of connections,
/// memory and time.
/// </summary>
internal static class PeerLimits
{
    /// <summary>Requests that a node relays to one region at the same time; each holds a connection while it runs.</summary>
    public const int RelaysAtOnce = 128;

    /// <summary>Of them, those of connections on which nothing was served yet.</summary>
    public const int RelaysOfStrangersAtOnce = RelaysAtOnce / 8;

    /// <summary>Requests that wait for one of those to end. The next one gets 503 SlowDown at once.</summary>
    public const int RelaysWaitingMax = 1024;

    /// <summary>How long a request waits there before it gets 503 SlowDown.</summary>
    public static readonly TimeSpan RelayWaitMax = TimeSpan.FromSeconds(10);

    /// <summary>Failures in a row after which a link counts as broken for relayed requests.</summary>
    public const int RelayFailuresMax = 5;

    /// <summary>How long they are then refused at once, before one tries the link. Twice as long after each that fails.</summary>
    public static readonly TimeSpan BrokenFirst = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc cref="BrokenFirst"/>
    public static readonly TimeSpan BrokenMax = TimeSpan.FromSeconds(5);

    /// <summary>Questions to control about accounts that this region doesn't know, at the same time: one connection carries them.</summary>
    public const int AccountQuestionsAtOnce = 32;

    /// <summary>Questions that wait for those. Whoever asks the next one goes by what the region knows.</summary>
    public const int AccountQuestionsWaitingMax = 1024;

    /// <summary>How long a question takes at most, its wait included.</summary>
    public static readonly TimeSpan AccountQuestionMax = TimeSpan.FromSeconds(3);

    /// <summary>How long it is remembered at least that control doesn't know an account either; at most twice as long.</summary>
    public static readonly TimeSpan UnknownAccountLasts = TimeSpan.FromSeconds(2);

    /// <summary>Accounts of which that is remembered; twice as many at most.</summary>
    public const int UnknownAccountsKept = 16_384;

    /// <summary>Of a question or an answer of which no other bound is named. A step's answer has a digest and a statement.</summary>
    public const int MessageBytesMax = 64 << 10;

    /// <summary>Of one directory entry.</summary>
    public const int EntryBytesMax = 8 << 10;

    /// <summary>Of 500 directory entries and a policy of 256 KiB, all escaped: <c>ControlLimits.EntriesPerUpdate</c>.</summary>
    public const int DirectoryBytesMax = 4 << 20;

    /// <summary>
    /// Of what a region has to say of many accounts: <c>MoveLimits.CategoriesToldInAllMax</c>. And of those that it is to make.
    /// </summary>
    public const int ManyAccountsBytesMax = 1 << 20;

    /// <summary>Of an account's access keys.</summary>
    public const int KeysBytesMax = 256 << 10;

    /// <summary>Of what a region or an account has to say of its state, when it is examined.</summary>
    public const int ExaminationBytesMax = 1 << 20;

    /// <summary>Of a command's result: one that deletes 1,000 objects names each.</summary>
    public const int ResultBytesMax = 8 << 20;

    /// <summary>
    /// Connections over which one process asks another in one lane. HTTP/2 takes another one only when 100 questions are
    /// open on the first.
    /// </summary>
    public static int ConnectionsMax(PeerLane lane) => lane switch
    {
        PeerLane.Control => 16,
        PeerLane.Moves => 128,
        PeerLane.HandOvers => 128,
        _ => RelaysAtOnce,
    };

    /// <summary>Requests of one kind that a region answers to one caller at the same time. The next one gets 503.</summary>
    public static int AtOnceMax(PeerRequestKind kind) => kind switch
    {
        PeerRequestKind.Probe => 2,
        PeerRequestKind.Changes => 128,
        PeerRequestKind.Refuse => 64,
        PeerRequestKind.HandOver => 160,
        PeerRequestKind.Relay => 2 * RelaysAtOnce,
        _ => 256,
    };
}

/// <summary>What a connection to a peer carries. No lane takes another's connections, so none can starve another.</summary>
internal enum PeerLane
{
    /// <summary>Between control and regions.</summary>
    Control,

    /// <summary>Between regions: a move's stream, the arbiter's word, measures.</summary>
    Moves,

    /// <summary>Writes whose account has left.</summary>
    HandOvers,

    /// <summary>Clients' requests.</summary>
    Relays,
}

/// <summary>What a peer asks of a region.</summary>
internal enum PeerRequestKind
{
    Call,
    Changes,
    Probe,
    Refuse,
    HandOver,
    Relay,
}
