using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Domicile.Cli;

/// <summary>
/// stdout for results, stderr for messages and progress. With <c>--json</c> stdout carries JSON and nothing else.
/// </summary>
internal sealed class Terminal
{
    private const int WidthColumnsWithoutTerminal = 240;

    private readonly CliHost _host;
    private readonly Lock _lock = new();

    public Terminal(CliHost host, bool json)
    {
        _host = host;
        IsJson = json;
        Out = Open(host.Out, host.OutIsTerminal, host);
        Error = Open(host.Error, host.ErrorIsTerminal, host);
    }

    public bool IsJson { get; }

    /// <summary>Whether someone watches, so that a progress bar makes sense.</summary>
    public bool IsWatched => _host.ErrorIsTerminal && !IsJson;

    public IAnsiConsole Out { get; }

    public IAnsiConsole Error { get; }

    /// <summary>One document, one line.</summary>
    public void PrintJson<T>(T document, JsonTypeInfo<T> type)
    {
        lock (_lock)
        {
            _host.Out.WriteLine(Write(document, type));
            _host.Out.Flush();
        }
    }

    // No page shows it: a '+' in a secret stays a '+', for whoever takes it with grep.
    private static string Write<T>(T document, JsonTypeInfo<T> type)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            JsonSerializer.Serialize(json, document, type);
        }

        return Shown(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    // What nobody sees can only be in strings, where it may as well be escaped: it is the same document.
    private static string Shown(string json)
        => !json.EnumerateRunes().Any(Clean.IsHidden) ? json : json.EnumerateRunes().Aggregate(
            new StringBuilder(), (text, rune) => Clean.IsHidden(rune) ? AppendEscaped(text, rune) : text.Append(rune)).ToString();

    private static StringBuilder AppendEscaped(StringBuilder text, Rune rune)
        => rune.ToString().Aggregate(
            text, (written, unit) => written.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"));

    public void Print(IRenderable content) => Out.Write(content);

    /// <summary>Text for stdout as it is, such as a receipt or a script.</summary>
    public void PrintText(string text)
    {
        _host.Out.Write(text);
        _host.Out.Flush();
    }

    public void PrintLine(string text) => PrintText(text + "\n");

    /// <summary>A message for the person; to stderr.</summary>
    public void Say(string line)
    {
        lock (_lock)
        {
            _host.Error.WriteLine(line);
            _host.Error.Flush();
        }
    }

    private static IAnsiConsole Open(TextWriter writer, bool isTerminal, CliHost host)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            console.Profile.Width = int.TryParse(host.Environment("COLUMNS"), CultureInfo.InvariantCulture, out var columns)
                ? Math.Clamp(columns, 40, 1_000) : WidthColumnsWithoutTerminal;
        }

        return console;
    }
}
