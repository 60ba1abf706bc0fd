using Amazon.S3.Model;
using Domicile.Links;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests;

/// <summary>A deployment of real processes starts, stores, moves, and survives the death of each of its processes.</summary>
public sealed class HarnessTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_object_outlives_every_process_and_a_move()
    {
        await using var deployment = await LiveDeployment.StartAsync();
        var account = await deployment.Control.AddAccountAsync("SG");
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("photos", Cancelled);
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "photos", Key = "a", ContentBody = "content" }, Cancelled);

        foreach (var process in (string[])["control", "beijing", "singapore", "california"])
        {
            await deployment.KillAndStartAsync(process);
        }

        var move = await deployment.Control.MoveAsync(account.Account, "california");

        Assert.Equal("done", move.State);
        using var there = deployment.OpenS3(account, "california");
        using var found = await there.GetObjectAsync("photos", "a", Cancelled);
        using var reader = new StreamReader(found.ResponseStream);
        Assert.Equal("content", await reader.ReadToEndAsync(Cancelled));
    }

    [Fact]
    public async Task A_move_goes_over_the_links_that_lie_between_the_processes()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup { Links = LinkTerms.Straight });
        var account = await deployment.Control.AddAccountAsync("SG");
        var bytes = new byte[1 << 20];
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("photos", Cancelled);
        await s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "photos", Key = "a", InputStream = new MemoryStream(bytes) }, Cancelled);

        Assert.Equal("done", (await deployment.Control.MoveAsync(account.Account, "california")).State);

        Assert.True(deployment.LinkOf("california", "singapore").Passed.Back > bytes.Length);

        // Control asks at once; the region asks for news of the directory every few seconds.
        await Eventually.HoldsAsync(
            () => Task.FromResult(deployment.LinksBetween("control", "singapore").All(
                link => link.Passed is { There: > 0, Back: > 0 })),
            "control and Singapore talk over the links between them, both ways");
    }
}
