using System.Globalization;
using Spectre.Console;

namespace Domicile.Cli.Demo;

/// <summary>Tells the demo's story: on stdout, or on stderr where stdout is for JSON.</summary>
internal sealed class Teller(Terminal terminal)
{
    private readonly Lock _lock = new();
    private int _chapter;

    public IAnsiConsole Console { get; } = terminal.IsJson ? terminal.Error : terminal.Out;

    /// <summary>Whether bars make sense here.</summary>
    public bool IsWatched => Console.Profile.Capabilities.Interactive && !terminal.IsJson;

    public void Chapter(string title)
    {
        lock (_lock)
        {
            var number = (++_chapter).ToString(CultureInfo.InvariantCulture);
            Console.WriteLine();
            Console.Write(new Text($"{number}. {title}\n", new Style(decoration: Decoration.Bold)));
        }
    }

    public void Line(string text)
    {
        lock (_lock)
        {
            Console.Write(new Text($"   {Clean.Line(text)}\n"));
        }
    }

    public void Show(Table table)
    {
        lock (_lock)
        {
            Console.Write(table);
        }
    }
}
