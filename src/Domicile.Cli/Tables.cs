using Spectre.Console;

namespace Domicile.Cli;

/// <summary>The one look of all tables.</summary>
internal static class Tables
{
    public static Table New(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).NoWrap());
        }

        // Where the terminal is too narrow the last column gives way: it is the one with sentences.
        table.Columns[^1].NoWrap = false;
        return table;
    }

    /// <summary>Two columns without heads: a name and what it is.</summary>
    public static Table Facts()
        => new Table().Border(TableBorder.None).HideHeaders()
            .AddColumn(new TableColumn("").NoWrap().PadRight(3)).AddColumn(new TableColumn(""));

    public static Table Fact(this Table table, string name, string? value)
        => value is null ? table : table.AddRow(new Text(name, new Style(decoration: Decoration.Dim)), Cell(value));

    public static Table Row(this Table table, params string?[] cells)
        => table.AddRow(cells.Select(Cell));

    /// <summary>Right-aligned, for numbers; <paramref name="columns"/> from 0.</summary>
    public static Table Right(this Table table, params int[] columns)
    {
        foreach (var column in columns)
        {
            table.Columns[column].RightAligned();
        }

        return table;
    }

    private static Text Cell(string? value) => new(Clean.Line(value ?? "–"));
}
