using Domicile.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Tests.Storage;

public sealed class SqlTests : IDisposable
{
    private readonly Sql _sql = SqliteEngine.OpenNothing();

    public SqlTests() => _sql.ExecuteOnce("CREATE TABLE thing (name TEXT PRIMARY KEY, number INTEGER, bytes BLOB)");

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a\0b\0")]
    [InlineData("\u00fc\U0001F600")]
    [InlineData("a text of more than five hundred and twelve bytes", 12)]
    public void A_text_comes_back_as_it_went(string text, int times = 1)
    {
        var name = string.Concat(Enumerable.Repeat(text, times));
        Add(name, null, null);

        Assert.Equal(name, _sql.Scalar<string>("SELECT name FROM thing"));
        Assert.Equal("text", _sql.Scalar<string>("SELECT typeof(name) FROM thing WHERE name = @p1", name));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(0L)]
    [InlineData(long.MaxValue)]
    public void A_number_comes_back_as_it_went(long number)
    {
        Add("a", number, null);

        Assert.Equal(number, _sql.Scalar<long>("SELECT number FROM thing"));
        Assert.Equal(number, _sql.Scalar<long?>("SELECT number FROM thing"));
    }

    [Fact]
    public void No_bytes_are_bytes_and_null_is_null()
    {
        Add("empty", null, Array.Empty<byte>());
        Add("some", null, new ReadOnlyMemory<byte>([0, 1, 2])[1..]);
        Add("none", null, null);

        Assert.Equal(
            [("empty", "blob", ""), ("none", "null", ""), ("some", "blob", "0102")],
            _sql.List(
                "SELECT name, typeof(bytes), bytes FROM thing ORDER BY name",
                row => (row.GetString(0), row.GetString(1), Convert.ToHexString(row.GetBytes(2)))));
        Assert.Null(_sql.Scalar<byte[]>("SELECT bytes FROM thing WHERE name = 'none'"));
        Assert.Null(_sql.Scalar<string>("SELECT name FROM thing WHERE name = 'nobody'"));
        Assert.Null(_sql.Single("SELECT name FROM thing WHERE name = 'nobody'", row => row.GetString(0)));
    }

    [Fact]
    public void Arguments_go_by_their_names_and_not_by_where_they_stand()
        => Assert.Equal("b-a", _sql.Scalar<string>("SELECT @p2 || '-' || @p1", "a", "b"));

    [Fact]
    public void A_statement_says_what_it_changed()
    {
        Add("a", 1, null);
        Add("b", 1, null);

        Assert.Equal(2, _sql.Execute("UPDATE thing SET number = 2"));
        Assert.Equal(0, _sql.Execute("DELETE FROM thing WHERE name = @p1", "c"));
        Assert.Equal(1, _sql.Execute("DELETE FROM thing WHERE name = @p1", "a"));
    }

    [Fact]
    public void After_an_error_a_statement_runs_again()
    {
        Add("a", 1, null);

        var fault = Assert.Throws<SqliteException>(() => Add("a", 2, null));

        Assert.Contains("UNIQUE", fault.Message, StringComparison.Ordinal);
        Add("b", 2, null);
        Assert.Equal(2, _sql.Scalar<long>("SELECT count(*) FROM thing"));
    }

    [Fact]
    public void A_reader_that_throws_leaves_the_statement_usable()
    {
        Add("a", 1, null);
        Add("b", 2, null);
        const string all = "SELECT name FROM thing ORDER BY name";

        Assert.Throws<InvalidCastException>(() => _sql.ForEach(all, _ => throw new InvalidCastException()));

        Assert.Equal(["a", "b"], _sql.List(all, row => row.GetString(0)));
    }

    [Fact]
    public void Mistakes_are_told_and_not_run()
    {
        Assert.Throws<SqliteException>(() => _sql.Execute("DELETE FROM nothing"));
        Assert.Throws<InvariantViolatedException>(() => _sql.Execute("DELETE FROM thing WHERE name = @p1"));
        Assert.Throws<InvariantViolatedException>(() => _sql.Execute("DELETE FROM thing; DELETE FROM thing"));
        Assert.Throws<ArgumentException>(() => _sql.Execute("DELETE FROM thing WHERE name = @p1", DateTimeOffset.UnixEpoch));
        Add("a", 1, null);
        const string all = "SELECT name FROM thing";
        Assert.Throws<InvariantViolatedException>(() => _sql.ForEach(all, _ => _sql.List(all, row => row.GetString(0))));
    }

    public void Dispose() => SqliteEngine.Close(_sql);

    private void Add(string name, long? number, object? bytes)
        => _sql.Execute("INSERT INTO thing (name, number, bytes) VALUES (@p1, @p2, @p3)", name, number, bytes);
}
