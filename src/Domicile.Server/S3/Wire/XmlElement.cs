using System.Buffers;
using System.Text;
using System.Xml;

namespace Domicile.Server.S3.Wire;

/// <summary>An element of a request's XML. Namespaces are ignored, as S3 does.</summary>
internal sealed class XmlElement(string name)
{
    private const int DepthMax = 8;
    private const int ElementsMax = 100_000;

    // What XML 1.0 forbids and SDKs send all the same, in keys that they want deleted.
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [.. Enumerable.Range(1, 0x1F).Except([0x09, 0x0A, 0x0D]).Select(value => (byte)value)]);

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = false,
        // Keys may hold control characters, which clients send as references.
        CheckCharacters = false,
        MaxCharactersFromEntities = 1024 * 1024,
    };

    private readonly StringBuilder _text = new(0);

    public string Name { get; } = name;

    public List<XmlElement> Children { get; } = [];

    public string Text => _text.ToString();

    /// <summary>The text of the first child of that name; null where there is none.</summary>
    public string? this[string child] => Child(child)?.Text;

    public XmlElement? Child(string name) => Children.Find(child => child.Name == name);

    public IEnumerable<XmlElement> All(string name) => Children.Where(child => child.Name == name);

    /// <summary>Parses a document whose root has that name; else MalformedXML.</summary>
    public static Outcome<XmlElement> Parse(ReadOnlyMemory<byte> document, string root)
    {
        try
        {
            using var stream = new MemoryStream(WithReferences(document.Span), writable: false);
            using var reader = XmlReader.Create(stream, Settings);
            var parsed = Read(reader);
            return parsed?.Name == root ? parsed : S3Error.Of("MalformedXML");
        }
        catch (XmlException)
        {
            return S3Error.Of("MalformedXML");
        }
    }

    private static byte[] WithReferences(ReadOnlySpan<byte> document)
    {
        // A document in UTF-16 has zero bytes, and no bytes to be replaced.
        if (!document.ContainsAny(Controls) || document.Contains((byte)0))
        {
            return document.ToArray();
        }

        var replaced = new ArrayBufferWriter<byte>(document.Length + 64);
        while (document.IndexOfAny(Controls) is var at and >= 0)
        {
            replaced.Write(document[..at]);
            replaced.Write(Encoding.ASCII.GetBytes($"&#{document[at]};"));
            document = document[(at + 1)..];
        }

        replaced.Write(document);
        return replaced.WrittenSpan.ToArray();
    }

    private static XmlElement? Read(XmlReader reader)
    {
        XmlElement? root = null;
        var open = new Stack<XmlElement>();
        var count = 0;
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (++count > ElementsMax || open.Count >= DepthMax)
                {
                    return null;
                }

                var element = new XmlElement(reader.LocalName);
                root ??= element;
                if (open.TryPeek(out var parent))
                {
                    parent.Children.Add(element);
                }

                if (!reader.IsEmptyElement)
                {
                    open.Push(element);
                }
            }
            else if (reader.NodeType == XmlNodeType.EndElement)
            {
                open.Pop();
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace
                or XmlNodeType.SignificantWhitespace && open.TryPeek(out var within))
            {
                within._text.Append(reader.Value);
            }
        }

        return root;
    }
}
