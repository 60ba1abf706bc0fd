using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Domicile.Deployments;

/// <summary>
/// A YAML document with the line of every node. No anchors, aliases or tags: the file says what it means.
/// </summary>
/// <param name="Line">From 1.</param>
internal abstract record YamlNode(int Line)
{
    public abstract string Kind { get; }

    /// <param name="IsQuoted">In quotes or a block: it is text, whatever it looks like.</param>
    public sealed record Scalar(int Line, string Value, bool IsQuoted) : YamlNode(Line)
    {
        public override string Kind => Value.Length == 0 && !IsQuoted ? "nothing" : "a value";
    }

    public sealed record Sequence(int Line, IReadOnlyList<YamlNode> Items) : YamlNode(Line)
    {
        public override string Kind => "a list";
    }

    public sealed record Map(int Line, IReadOnlyList<YamlEntry> Entries) : YamlNode(Line)
    {
        public override string Kind => "keys and values";
    }
}

/// <param name="Line">Of the key.</param>
internal sealed record YamlEntry(string Key, int Line, YamlNode Value);

/// <summary>
/// Builds the tree from the parser's events. The depth and the number of nodes are bounded here, since the text may
/// come
/// over the API: the library's own document model recurses as deep as the text does.
/// </summary>
internal sealed class YamlTree
{
    public const int DepthMax = 8;
    public const int NodesMax = 50_000;
    public const int LengthCharsMax = 256 * 1024;

    private readonly IParser _parser;
    private int _nodes;

    private YamlTree(IParser parser) => _parser = parser;

    /// <summary>Null, and one error added, where the text is no single YAML document of keys and values.</summary>
    public static YamlNode.Map? Read(string text, string file, ICollection<LocatedError> errors)
    {
        if (text.Length > LengthCharsMax)
        {
            errors.Add(new LocatedError(file, 1, $"longer than {LengthCharsMax / 1024} Ki characters"));
            return null;
        }

        // Lines are those of the text: comments are skipped, not merged into other nodes.
        var reader = new StringReader(text.TrimStart('\uFEFF'));
        var tree = new YamlTree(new Parser(new Scanner(reader, skipComments: true)));
        try
        {
            return tree.ReadDocument();
        }
        catch (RefusedException refused)
        {
            errors.Add(new LocatedError(file, refused.Line, refused.Message));
        }
        catch (YamlException broken)
        {
            errors.Add(new LocatedError(file, Math.Max(1, (int)broken.Start.Line), $"not valid YAML: {Cause(broken)}"));
        }
        catch (Exception broken) when (broken is InvalidOperationException or ArgumentException)
        {
            // The library's parser meets some broken texts with its own broken state.
            errors.Add(new LocatedError(file, (int)(tree._parser.Current?.End.Line ?? 1), "not valid YAML"));
        }

        return null;
    }

    private YamlNode.Map ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            throw new RefusedException(1, "the file is empty");
        }

        _parser.Consume<DocumentStart>();
        var root = ReadNode(depth: 1);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out var next))
        {
            throw Wrong(_parser.Current!, "a second document begins here; one file holds one document");
        }

        return root as YamlNode.Map
            ?? throw new RefusedException(root.Line, $"expected keys and values, found {root.Kind}");
    }

    private YamlNode ReadNode(int depth)
    {
        var next = _parser.Current!;
        if (depth > DepthMax)
        {
            throw Wrong(next, $"more than {DepthMax} levels deep");
        }

        if (++_nodes > NodesMax)
        {
            throw Wrong(next, $"more than {NodesMax} nodes");
        }

        if (next is AnchorAlias || next is NodeEvent { Anchor.IsEmpty: false })
        {
            throw Wrong(next, "anchors and aliases (& and *) are not supported; a lone * is written \"*\"");
        }

        if (next is NodeEvent { Tag.IsEmpty: false })
        {
            throw Wrong(next, "tags (!) are not supported");
        }

        return next switch
        {
            SequenceStart => ReadSequence(depth),
            MappingStart => ReadMap(depth),
            _ => ReadScalar(),
        };
    }

    private YamlNode.Scalar ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        var isQuoted = scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any);
        var isNull = !isQuoted && scalar.Value is "~" or "null";
        return new YamlNode.Scalar((int)scalar.Start.Line, isNull ? "" : scalar.Value, isQuoted);
    }

    private YamlNode.Sequence ReadSequence(int depth)
    {
        var line = (int)_parser.Consume<SequenceStart>().Start.Line;
        var items = new List<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new YamlNode.Sequence(line, items);
    }

    private YamlNode.Map ReadMap(int depth)
    {
        var line = (int)_parser.Consume<MappingStart>().Start.Line;
        var entries = new List<YamlEntry>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var start = _parser.Current!;
            var key = ReadNode(depth + 1) as YamlNode.Scalar ?? throw Wrong(start, "a key is a plain word");
            if (!keys.Add(key.Value))
            {
                throw Wrong(start, $"key '{key.Value}' is there twice");
            }

            entries.Add(new YamlEntry(key.Value, key.Line, ReadNode(depth + 1)));
        }

        return new YamlNode.Map(line, entries);
    }

    private static RefusedException Wrong(ParsingEvent at, string what) => new((int)at.Start.Line, what);

    // The library puts "(Line: 3, Col: 1, Idx: 20) - (…): " before what it says; the place is said already.
    private static string Cause(YamlException broken)
    {
        var text = broken.InnerException?.Message ?? broken.Message;
        var end = text.LastIndexOf("): ", StringComparison.Ordinal);
        return (end < 0 ? text : text[(end + 3)..]).ReplaceLineEndings(" ");
    }

    /// <summary>The text is YAML, and more than we take.</summary>
    private sealed class RefusedException(int line, string message) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
