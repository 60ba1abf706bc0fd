namespace Domicile.Deployments;

/// <summary>Every limit of the security log and of who may try to get in, with its unit.</summary>
internal static class SecurityLimits
{
    /// <summary>Lines of one event from one source in a minute; the others are only counted.</summary>
    public const int LinesOfSourcePerMinute = 20;

    /// <summary>Lines of one event from all sources in a minute; the others are only counted.</summary>
    public const int LinesOfEventPerMinute = 100;

    /// <summary>Of one file of the security log; then it is renamed to <c>.1</c>, and a new one begun.</summary>
    public const long LogBytesMax = 8L << 20;

    /// <summary>Former files that are kept: <c>.1</c> is the newest.</summary>
    public const int FormerLogsMax = 7;

    public const int ReasonCharsMax = 64;
    public const int SourceCharsMax = 64;

    public static readonly TimeSpan LogWindow = TimeSpan.FromMinutes(1);
}
