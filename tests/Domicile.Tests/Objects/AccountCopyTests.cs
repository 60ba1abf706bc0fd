using System.IO.Pipelines;
using Domicile.Objects;
using Xunit;

namespace Domicile.Tests.Objects;

public sealed class AccountCopyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    public async Task A_read_sees_the_object_that_was_found_though_it_is_replaced_meanwhile(int length)
    {
        await using var account = await TestAccount.CreateAsync(Versioning.Off, "docs");
        await using var copy = account.OpenCopy();
        await WriteAsync(account, copy, (byte)'1', length);
        var found = (await copy.FindObjectAsync("docs", "k", null, Cancelled))!;

        await WriteAsync(account, copy, (byte)'2', length);

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await copy.ReadContentAsync(found.Pieces, 3, length - 5, pipe.Writer, Cancelled);
        await pipe.Writer.CompleteAsync();
        using var read = new MemoryStream();
        await pipe.Reader.CopyToAsync(read, Cancelled);
        Assert.Equal(Enumerable.Repeat((byte)'1', length - 5), read.ToArray());
    }

    private static async Task WriteAsync(TestAccount account, AccountCopy copy, byte value, int length)
    {
        await using var writer = copy.StageContent();
        await writer.WriteAsync(Enumerable.Repeat(value, length).ToArray(), Cancelled);
        var staged = await writer.CompleteAsync(Cancelled);
        await account.Run(account.NewPut("docs", "k") with { Staged = staged });
        writer.Adopted();
    }
}
