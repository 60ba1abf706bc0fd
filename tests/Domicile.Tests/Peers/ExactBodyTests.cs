using Domicile.Server.Peers;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Domicile.Tests.Peers;

public sealed class ExactBodyTests
{
    [Theory]
    [InlineData(3, 3, true)]
    [InlineData(2, 3, false)]
    [InlineData(0, 3, false)]
    [InlineData(4, 3, false)]
    public async Task A_body_is_read_to_its_end_only_where_it_has_the_length_said(int lengthBytes, int saidBytes, bool isRead)
    {
        await using var body = new ExactBody(new MemoryStream(new byte[lengthBytes]), saidBytes);
        using var read = new MemoryStream();
        var reading = body.CopyToAsync(read, 2, TestContext.Current.CancellationToken);

        if (isRead)
        {
            await reading;
            Assert.Equal(lengthBytes, read.Length);
        }
        else
        {
            await Assert.ThrowsAsync<BadHttpRequestException>(() => reading);
        }
    }
}
