using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Domicile.Accounts;

/// <summary>
/// A short secret in memory, such as an access key's: at one place that the collector does not copy, and zeroed when it is
/// disposed. Never put one into a string where the account lives.
/// </summary>
/// <remarks>Its blocks are used again, so a request's secret costs no large allocation. Not thread-safe against its end.</remarks>
[JsonConverter(typeof(SecretBytesJson))]
internal sealed class SecretBytes : IDisposable, IEquatable<SecretBytes>
{
    public const int LengthBytesMax = 512;

    private const int BlocksKeptMax = 1024;

    private static readonly Lock Gate = new();
    private static readonly Stack<byte[]> Blocks = new();
    private static readonly byte[] Nothing = [];

    private readonly int _length;
    private byte[]? _block;

    private SecretBytes(byte[] block, int length) => (_block, _length) = (block, length);

    ~SecretBytes() => Clear();

    /// <summary>No secret: what stands where one has come sealed beside its document, or not at all.</summary>
    public static SecretBytes None { get; } = new(Nothing, 0);

    public int LengthBytes => _length;

    /// <exception cref="ObjectDisposedException">It has been zeroed.</exception>
    public ReadOnlySpan<byte> Span => Writable;

    /// <summary>To be filled by whoever made it.</summary>
    public Span<byte> Writable
        => (_block ?? throw new ObjectDisposedException(nameof(SecretBytes))).AsSpan(0, _length);

    /// <summary>Zeros, to be filled.</summary>
    public static SecretBytes OfLength(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytesMax);
        lock (Gate)
        {
            if (Blocks.TryPop(out var used))
            {
                return new SecretBytes(used, lengthBytes);
            }
        }

        return new SecretBytes(GC.AllocateArray<byte>(LengthBytesMax, pinned: true), lengthBytes);
    }

    /// <summary>A copy of the bytes, which stay the caller's.</summary>
    public static SecretBytes Of(ReadOnlySpan<byte> bytes)
    {
        var secret = OfLength(bytes.Length);
        bytes.CopyTo(secret.Writable);
        return secret;
    }

    /// <summary>For whoever draws or shows a new access key, and for tests.</summary>
    public static SecretBytes OfText(string text)
    {
        var secret = OfLength(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, secret.Writable);
        return secret;
    }

    /// <summary>The one place where it becomes text: control shows a new access key once, to whoever asked for it.</summary>
    public string ToText() => Encoding.UTF8.GetString(Span);

    public void Dispose()
    {
        if (_length > 0)
        {
            Clear();
            GC.SuppressFinalize(this);
        }
    }

    public bool Equals(SecretBytes? other) => other is not null && CryptographicOperations.FixedTimeEquals(Span, other.Span);

    public override bool Equals(object? obj) => Equals(obj as SecretBytes);

    // Of nothing secret.
    public override int GetHashCode() => _length;

    public override string ToString() => "(secret)";

    private void Clear()
    {
        if (Interlocked.Exchange(ref _block, null) is not { Length: > 0 } block)
        {
            return;
        }

        CryptographicOperations.ZeroMemory(block);
        lock (Gate)
        {
            if (Blocks.Count < BlocksKeptMax)
            {
                Blocks.Push(block);
            }
        }
    }
}

/// <summary>
/// A secret is in no document: buffers of connections and serialisers are nobody's to zero. It travels sealed beside it
/// (Storage.SecretBox), and stands there as an empty text.
/// </summary>
internal sealed class SecretBytesJson : JsonConverter<SecretBytes>
{
    public override SecretBytes Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(ReadOnlySpan<byte>.Empty)
            ? SecretBytes.None : throw new JsonException("A secret comes sealed, not in a document.");

    public override void Write(Utf8JsonWriter writer, SecretBytes value, JsonSerializerOptions options)
        => writer.WriteStringValue(ReadOnlySpan<byte>.Empty);
}
