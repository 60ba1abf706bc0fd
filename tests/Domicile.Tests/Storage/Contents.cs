using System.IO.Pipelines;
using Domicile.Objects;
using Domicile.Storage;

namespace Domicile.Tests.Storage;

/// <summary>Writes and reads contents as the store's users do.</summary>
internal static class Contents
{
    /// <summary>Bytes that differ from frame to frame.</summary>
    public static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(i * 7 + 3 + i / ContentLimits.FrameBytes);
        }

        return bytes;
    }

    /// <summary>Stages and keeps a content, without a row.</summary>
    public static async Task<StoredContent> WriteAsync(AccountStore store, byte[] plain, int chunk = 100_000, string? id = null)
    {
        await using var writer = new ContentWriter(store.Contents, id);
        foreach (var some in plain.Chunk(chunk))
        {
            await writer.WriteAsync(some, CancellationToken.None);
        }

        var staged = await writer.CompleteAsync(CancellationToken.None);
        writer.Adopted();
        return new StoredContent(staged.ContentId, staged.LengthBytes, staged.Inline);
    }

    public static async Task<byte[]> ReadAsync(AccountStore store, StoredContent content, long offset, long length)
    {
        using var read = new MemoryStream();
        var pipe = PipeWriter.Create(read);
        await store.Contents.ReadAsync(content, offset, length, pipe, CancellationToken.None);
        await pipe.FlushAsync(CancellationToken.None);
        return read.ToArray();
    }

    public static Task<byte[]> ReadAsync(AccountStore store, StoredContent content)
        => ReadAsync(store, content, 0, content.LengthBytes);

    public static IReadOnlyList<string> FilesOf(AccountStore store)
        => Directory.Exists(Path.Combine(store.Directory, "contents"))
            ? [.. Directory.EnumerateFiles(Path.Combine(store.Directory, "contents"), "*", SearchOption.AllDirectories)]
            : [];

    /// <summary>Puts a content's row, as commands do.</summary>
    public static Task<bool> PutRowAsync(AccountStore store, StoredContent content) => store.WriteAsync(
        transaction =>
        {
            transaction.Sql.Execute(
                "INSERT INTO content (account, content, seq, length, refs, inline) VALUES (@p1, @p2, 1, @p3, 1, @p4)",
                store.Account.Value, content.ContentId, content.LengthBytes, content.IsInline ? (object)content.Inline : null);
            return true;
        },
        CancellationToken.None);

    /// <summary>Deletes a content's row, as commands do.</summary>
    public static Task<bool> DropRowAsync(AccountStore store, StoredContent content) => store.WriteAsync(
        transaction =>
        {
            transaction.Sql.Execute(
                "DELETE FROM content WHERE account = @p1 AND content = @p2", store.Account.Value, content.ContentId);
            transaction.Sql.Execute(
                "INSERT INTO discard (account, content) VALUES (@p1, @p2)", store.Account.Value, content.ContentId);
            return true;
        },
        CancellationToken.None);
}
