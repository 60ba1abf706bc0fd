namespace Domicile.Server.Hosting;

/// <summary>The bounds of a process's log.</summary>
internal static class LogLimits
{
    /// <summary>Lines of one kind (category and event) in a minute. The others are counted.</summary>
    public const int LinesOfKindPerMinute = 30;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>How often it is looked whether the file is full, and said how many lines were left out.</summary>
    public static readonly TimeSpan LookedEvery = TimeSpan.FromSeconds(10);

    /// <summary>Of the file; then what is in it goes to <c>.1</c>, and it begins anew.</summary>
    public const long FileBytesMax = 10 << 20;

    /// <summary>Former files that are kept: <c>.1</c> is the newest.</summary>
    public const int FormerFilesMax = 5;
}
