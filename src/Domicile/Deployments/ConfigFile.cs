using System.Text;

namespace Domicile.Deployments;

/// <summary>Reads a file that a person wrote, of bounded length and in UTF-8.</summary>
internal static class ConfigFile
{
    private static readonly UTF8Encoding Strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null where <paramref name="text"/> was read; else why not.</summary>
    public static LocatedError? Read(string path, int lengthBytesMax, out string text)
    {
        text = "";
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[lengthBytesMax + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > lengthBytesMax)
            {
                return new LocatedError(path, 1, $"the file is longer than {lengthBytesMax / 1024} KiB");
            }

            text = Strict.GetString(bytes, 0, length);
            return null;
        }
        catch (DecoderFallbackException)
        {
            return new LocatedError(path, 1, "the file is not UTF-8 text");
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new LocatedError(path, 1, $"can't read the file: {broken.Message}");
        }
    }
}
