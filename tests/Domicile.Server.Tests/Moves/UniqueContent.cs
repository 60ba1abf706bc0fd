using System.Globalization;
using System.Text;

namespace Domicile.Server.Tests.Moves;

/// <summary>
/// Contents that name themselves: a value such as <c>c1-17-70000</c> ends with its content's length, and the content repeats
/// it to the end, so that every byte of an answer can be judged.
/// </summary>
internal static class UniqueContent
{
    public static string Name(string writer, int number, int lengthBytes)
        => string.Create(CultureInfo.InvariantCulture, $"{writer}-{number}-{lengthBytes}");

    public static byte[] Of(string value)
    {
        var length = int.Parse(value[(value.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
        var unit = Encoding.ASCII.GetBytes(value + "\n");
        var content = new byte[length];
        for (var at = 0; at < length; at += unit.Length)
        {
            unit.AsSpan(0, Math.Min(unit.Length, length - at)).CopyTo(content.AsSpan(at));
        }

        return content;
    }

    /// <exception cref="IOException">The content is not one that was written.</exception>
    public static string Read(byte[] content)
    {
        var end = Array.IndexOf(content, (byte)'\n');
        var value = Encoding.ASCII.GetString(content, 0, Math.Max(0, end));
        return end > 0 && value.Contains('-', StringComparison.Ordinal) && Of(value).AsSpan().SequenceEqual(content)
            ? value
            : throw new IOException($"{content.Length} bytes that nobody wrote, beginning with '{value}'.");
    }

    public static async Task<string> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await stream.CopyToAsync(buffer, cancellationToken);
        return Read(buffer.ToArray());
    }
}
