using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Server.Tests.Command;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>A region whose disk of 12 MiB fills up: a file system in memory, which takes root to mount.</summary>
public sealed class FullRegionTests
{
    private const int ContentBytes = 200_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_region_refuses_writes_keeps_what_it_has_and_takes_no_account()
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup
            {
                Policy = TestPolicies.Anywhere,
                Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            });
        var here = await deployment.Control.AddAccountAsync("IN", "singapore");
        var there = await deployment.Control.AddAccountAsync("IN", "beijing");
        var directory = deployment.DirectoryOf("singapore");
        await deployment.StopAsync("singapore");
        Assert.SkipUnless(await SmallDisk.MountAsync(directory, mebibytes: 12), "mounting a small file system takes root");
        try
        {
            await deployment.StartAsync("singapore");
            await FillAsync(deployment, here);
            var refused = await CliCall.RunAsync(deployment.Directory, $"move {there.Account} --to singapore");
            Assert.Equal(1, refused.Code);
            Assert.Contains("bytes free", refused.Error, StringComparison.Ordinal);
            Assert.Equal("beijing", (await deployment.Control.ShowAccountAsync(there.Account)).Home);
        }
        finally
        {
            await deployment.KillAsync("singapore");
            await SmallDisk.UnmountAsync(directory);
        }
    }

    // Goal: control whose disk is full says so, as a 507, and changes nothing; doctor names who lacks inodes, and what helps.
    [Fact]
    public async Task A_full_control_answers_507_and_doctor_names_disks_without_inodes()
    {
        await using var deployment = await LiveDeployment.StartAsync(
            new DeploymentSetup { Policy = TestPolicies.Anywhere, Regions = [DeploymentSetup.Beijing] });
        string[] parties = ["control", "beijing"];
        foreach (var party in parties)
        {
            await deployment.StopAsync(party);
            Assert.SkipUnless(
                await SmallDisk.MountAsync(deployment.DirectoryOf(party), mebibytes: 12, files: 400), "mounting a small file system takes root");
            await deployment.StartAsync(party);
        }

        try
        {
            await SmallDisk.FillAsync(deployment.DirectoryOf("control"));
            using var refused = await deployment.Control.Http.PostAsync(
                new Uri("accounts", UriKind.Relative),
                new StringContent("""{"residence":"IN","region":"beijing"}""", System.Text.Encoding.UTF8, "application/json"), Cancelled);
            Assert.Equal((HttpStatusCode)507, refused.StatusCode);
            Assert.Contains("disk is full: nothing was changed", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
            SmallDisk.Free(deployment.DirectoryOf("control"));
            var account = await deployment.Control.AddAccountAsync("IN", "beijing");
            Assert.Equal([account.Account], await deployment.Control.ListAccountsAsync());

            foreach (var party in parties)
            {
                SmallDisk.FillWithFiles(deployment.DirectoryOf(party));
                Assert.Contains(
                    (await deployment.Control.DoctorAsync()).Findings,
                    one => one.Place == party && one.Finding.Contains("(inodes)", StringComparison.Ordinal)
                        && one.Advice.Contains("delete files that don't belong there", StringComparison.OrdinalIgnoreCase));
                SmallDisk.FreeFiles(deployment.DirectoryOf(party));
            }
        }
        finally
        {
            foreach (var party in parties)
            {
                await deployment.EndAsync(party);
                await SmallDisk.UnmountAsync(deployment.DirectoryOf(party));
            }
        }
    }

    private static async Task FillAsync(LiveDeployment deployment, NewAccountView account)
    {
        using var s3 = deployment.OpenS3(account, change: LiveDeployment.SendOnce);
        await s3.PutBucketAsync("photos", Cancelled);
        var stored = new List<string>();
        AmazonS3Exception? full = null;
        while (full is null)
        {
            Assert.True(stored.Count < 100, "the disk never fills");
            var key = UniqueContent.Name("photo", stored.Count, ContentBytes);
            try
            {
                await PutAsync(s3, key);
                stored.Add(key);
            }
            catch (AmazonS3Exception refusal)
            {
                full = refusal;
            }
        }

        Assert.Equal((HttpStatusCode)507, full.StatusCode);
        Assert.Equal("InsufficientStorage", full.ErrorCode);
        foreach (var key in stored)
        {
            using var answer = await s3.GetObjectAsync("photos", key, Cancelled);
            Assert.Equal(key, await UniqueContent.ReadAsync(answer.ResponseStream, Cancelled));
        }

        // Deleting is the way out: it must work on a full disk, and what it frees must be of use.
        foreach (var key in stored.Take(10))
        {
            await s3.DeleteObjectAsync("photos", key, Cancelled);
        }

        await Eventually.HoldsAsync(() => TryPutAsync(s3, stored[0]), "there is room again");
    }

    private static async Task<bool> TryPutAsync(AmazonS3Client s3, string key)
    {
        try
        {
            await PutAsync(s3, key);
            return true;
        }
        catch (AmazonS3Exception full) when (full.ErrorCode == "InsufficientStorage")
        {
            return false;
        }
    }

    private static Task<PutObjectResponse> PutAsync(AmazonS3Client s3, string key)
        => s3.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = "photos",
                Key = key,
                InputStream = new MemoryStream(UniqueContent.Of(key)),
            },
            Cancelled);
}
