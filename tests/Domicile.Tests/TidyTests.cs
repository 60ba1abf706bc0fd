using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Domicile.Tests;

/// <summary>Checks of the code itself: what docs/HACKING.md asks for and no analyzer knows.</summary>
public sealed class TidyTests
{
    private const int FunctionLinesMax = 70;
    private const int LineColumnsMax = 140;

    private static readonly string[] NamesBanned =
        ["Manager", "Helper", "Helpers", "Util", "Utils", "Processor", "Service", "Dto", "Impl", "Base"];

    // A slice may use the slices to its right, never those to its left.
    private static readonly string[] SlicesTopDown =
        ["Control", "Moves", "Ledger", "Objects", "Storage", "Policies", "Deployments", "Accounts"];

    private static readonly SyntaxTree[] Sources =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), path: path)),
    ];

    [Fact]
    public void No_function_is_longer_than_a_screen()
        => AssertNone(
            from function in All<SyntaxNode>()
            where function is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax
            let span = function.GetLocation().GetLineSpan()
            let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
            where lines > FunctionLinesMax
            select $"{Where(function)}: {lines} lines, at most {FunctionLinesMax}");

    [Fact]
    public void No_line_is_longer_than_a_page()
        => AssertNone(
            from source in Sources
            from line in source.GetText(CancellationToken.None).Lines
            where line.Span.Length > LineColumnsMax
            select $"{Path.GetRelativePath(Repository.Root, source.FilePath)}:{line.LineNumber + 1}: {line.Span.Length} columns");

    [Fact]
    public void No_type_is_named_after_its_vagueness()
        => AssertNone(
            from type in All<BaseTypeDeclarationSyntax>()
            where NamesBanned.Any(banned => type.Identifier.Text.EndsWith(banned, StringComparison.Ordinal))
            select $"{Where(type)}: {type.Identifier.Text} does not say what it does");

    [Fact]
    public void No_method_is_async_void()
        => AssertNone(
            from method in All<MethodDeclarationSyntax>()
            where method.Modifiers.Any(SyntaxKind.AsyncKeyword) && method.ReturnType.ToString() == "void"
            select $"{Where(method)}: async void");

    [Fact]
    public void No_exception_vanishes_without_a_reason()
        => AssertNone(
            from handler in All<CatchClauseSyntax>()
            where handler.Block.Statements.Count == 0
                && !handler.Block.ToFullString().Contains("//", StringComparison.Ordinal)
            select $"{Where(handler)}: an empty catch needs a comment that says why");

    [Fact]
    public void Slices_depend_one_way()
        => AssertNone(
            from source in Sources
            from directive in source.GetRoot(CancellationToken.None).DescendantNodes().OfType<UsingDirectiveSyntax>()
            let user = SliceOf(source.FilePath.Replace('/', '.'))
            let used = SliceOf($".{directive.Name}.")
            where user >= 0 && used >= 0 && used < user
            select $"{Where(directive)}: {SlicesTopDown[user]} must not know {SlicesTopDown[used]}");

    private static int SliceOf(string dottedPath)
        => Array.FindIndex(SlicesTopDown, slice => dottedPath.Contains($".Domicile.{slice}.", StringComparison.Ordinal));

    private static IEnumerable<T> All<T>()
        where T : SyntaxNode
        => Sources.SelectMany(source => source.GetRoot(CancellationToken.None).DescendantNodes().OfType<T>());

    private static string Where(SyntaxNode node)
    {
        var line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
        return $"{Path.GetRelativePath(Repository.Root, node.SyntaxTree.FilePath)}:{line}";
    }

    // Assert.Empty would cut the list short; a tidy error is only useful whole.
    private static void AssertNone(IEnumerable<string> untidy)
    {
        var lines = string.Join('\n', untidy);
        Assert.True(lines.Length == 0, lines);
    }
}
