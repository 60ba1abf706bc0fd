namespace Domicile.Cli;

/// <summary>What the shell sees.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>One line on stderr says what failed and what to do next.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself was wrong.</summary>
    public const int Usage = 2;

    /// <summary>128 + SIGINT, as shells report it.</summary>
    public const int Interrupted = 130;
}
