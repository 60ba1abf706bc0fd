using System.Net;
using System.Text;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;
using Xunit;

namespace Domicile.Server.Tests.BadInput;

/// <summary>
/// What no honest client sends. Goal: every answer is S3's error with its status (Amazon S3 API Reference, "Error
/// responses"), never a 500; nothing of it is stored; the process goes on. Method: bytes over a socket, signed by hand.
/// </summary>
public abstract class BadInputTests(SharedDeployment shared) : S3Tests(shared)
{
    internal RawRequest Request(string method, string target, string body = "")
        => new(Account, Endpoint, method, target) { Body = Encoding.UTF8.GetBytes(body) };

    internal async Task<RawAnswer> AskAsync(RawRequest request, bool closeAfter = false)
    {
        var answer = await RawConnection.AskAsync(Endpoint, request.ToBytes(), closeAfter);
        Assert.NotInRange(answer.Status, 500, 500);
        return answer;
    }

    /// <summary>Asks, and has that answer; afterwards the region still serves.</summary>
    internal async Task RefusedAsync(RawRequest request, int status, string code, bool closeAfter = false)
    {
        var answer = await AskAsync(request, closeAfter);
        Assert.True((status, code) == (answer.Status, answer.Code), $"{status} {code} is not: {answer.Text}");
        await ServesAsync();
    }

    /// <summary>The same process that served before the test serves now.</summary>
    internal async Task ServesAsync()
    {
        await S3.GetBucketLocationAsync(Bucket, Cancelled);
        using var process = System.Diagnostics.Process.GetProcessById(Deployment.PidOf(Account.Home));
        Assert.False(process.HasExited);
    }

    internal async Task NothingIsStoredAsync()
        => Assert.Empty((await S3.ListObjectsV2Async(new() { BucketName = Bucket }, Cancelled)).S3Objects ?? []);

    internal static int StatusOf(HttpStatusCode status) => (int)status;
}
