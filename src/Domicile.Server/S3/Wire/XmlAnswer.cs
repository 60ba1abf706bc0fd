using System.Buffers;
using System.Globalization;
using System.Text;

namespace Domicile.Server.S3.Wire;

/// <summary>
/// Builds the XML of an answer. Control characters become references such as <c>&amp;#x1;</c>, which XML 1.0 forbids
/// and S3 sends: a key that holds them can be told in no other way without encoding-type=url.
/// </summary>
internal sealed class XmlAnswer
{
    public const string Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    private static readonly SearchValues<char> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (char)c), '&', '<', '>', '"', '\uFFFE', '\uFFFF']);

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Stack<string> _open = new();

    /// <param name="root">The root element's name.</param>
    /// <param name="xmlNamespace">Null for none, as in errors.</param>
    public XmlAnswer(string root, string? xmlNamespace = Namespace)
    {
        Raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        Raw(root);
        if (xmlNamespace is not null)
        {
            Raw($" xmlns=\"{xmlNamespace}\"");
        }

        Raw(">");
        _open.Push(root);
    }

    public XmlAnswer Open(string name, string? attributes = null)
    {
        Raw("<");
        Raw(name);
        Raw(attributes ?? "");
        Raw(">");
        _open.Push(name);
        return this;
    }

    public XmlAnswer Close()
    {
        Raw("</");
        Raw(_open.Pop());
        Raw(">");
        return this;
    }

    /// <summary>Adds an element; none for null.</summary>
    public XmlAnswer Add(string name, string? text)
    {
        if (text is not null)
        {
            Open(name);
            Text(text);
            Close();
        }

        return this;
    }

    public XmlAnswer Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    public XmlAnswer Add(string name, bool value) => Add(name, value ? "true" : "false");

    public XmlAnswer Add(string name, DateTimeOffset time) => Add(name, S3Time.ToXml(time));

    public XmlAnswer Text(string text)
    {
        var rest = text.AsSpan();
        while (rest.IndexOfAny(Special) is var at and >= 0)
        {
            Raw(rest[..at]);
            Raw(rest[at] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                var c => string.Create(CultureInfo.InvariantCulture, $"&#x{(int)c:x};"),
            });
            rest = rest[(at + 1)..];
        }

        Raw(rest);
        return this;
    }

    /// <summary>Closes what is open. The document, UTF-8.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        while (_open.Count > 0)
        {
            Close();
        }

        return _bytes.WrittenMemory;
    }

    private void Raw(ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, _bytes);
}
