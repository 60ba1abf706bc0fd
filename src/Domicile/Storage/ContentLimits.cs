namespace Domicile.Storage;

/// <summary>The bounds of a stored content, and the arithmetic of its frames; see docs/formats/content.md.</summary>
internal static class ContentLimits
{
    /// <summary>Plain bytes of every frame but the last, which may have fewer.</summary>
    public const int FrameBytes = 64 * 1024;

    /// <summary>Of AES-GCM, after each frame.</summary>
    public const int TagBytes = 16;

    public const int SealedFrameBytes = FrameBytes + TagBytes;

    /// <summary>Of a content file, before the first frame.</summary>
    public const int HeaderBytes = 8;

    /// <summary>Plain bytes up to which a content lies in its row and not in a file. Less than a frame.</summary>
    public const int InlineBytesMax = 32 * 1024;

    /// <summary>Plain bytes of one content: S3's largest object, 5 TiB.</summary>
    public const long LengthBytesMax = 5L << 40;

    /// <summary>Frames that are read, written or received at a time.</summary>
    public const int FramesAtOnce = 4;

    /// <summary>An empty content has one frame too: an empty last one.</summary>
    public static long FrameCount(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytesMax);
        return lengthBytes == 0 ? 1 : (lengthBytes + FrameBytes - 1) / FrameBytes;
    }

    /// <summary>How long the frames of a content are, all together: what an inline one has in its row.</summary>
    public static long FramesLength(long lengthBytes) => lengthBytes + FrameCount(lengthBytes) * TagBytes;

    /// <summary>How long a content's file is.</summary>
    public static long SealedLength(long lengthBytes) => HeaderBytes + FramesLength(lengthBytes);

    /// <summary>The plain length of a content whose file is this long; null where no content's is.</summary>
    public static long? PlainLength(long sealedLength)
    {
        var framesLength = sealedLength - HeaderBytes;
        var frames = (framesLength + SealedFrameBytes - 1) / SealedFrameBytes;
        var plain = framesLength - frames * TagBytes;
        return framesLength > 0 && plain is >= 0 and <= LengthBytesMax && SealedLength(plain) == sealedLength ? plain : null;
    }
}
