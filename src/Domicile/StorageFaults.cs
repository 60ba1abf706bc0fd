namespace Domicile;

/// <summary>The region's disk is full. What was acknowledged is safe; this request changed nothing.</summary>
internal sealed class StorageFullException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>Stored bytes are not what was written: they fail authentication or are cut short.</summary>
internal sealed class ContentCorruptException(string message, Exception? cause = null) : IOException(message, cause);

/// <summary>A database that can't be opened as it lies: damaged, or of a newer release. The message says which and what to do.</summary>
internal sealed class StorageUnreadableException(string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>What to do, where the message doesn't say it.</summary>
    public string? Next { get; init; }

    public string WithNext => Next is null ? Message : $"{Message} {Next}";
}
