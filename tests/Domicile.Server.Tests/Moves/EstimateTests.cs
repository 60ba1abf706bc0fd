using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Links;
using Domicile.Server.Tests.Deployment;
using Xunit;

namespace Domicile.Server.Tests.Moves;

/// <summary>What a deployment says of how long moves take. How well it says it is measured by <c>./bench plan</c>.</summary>
public sealed class EstimateTests
{
    private const int Objects = 4;
    private const int ObjectBytes = 3 << 20;
    private const long BitsPerSecond = 40_000_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // Goal: a plan knows a narrow link before anything has moved over it, a move says what is left of it, and the next plan
    // goes by what the move took, also after control was started again.
    // Method: a link of 40 Mbit/s, over which 12 MiB take two and a half seconds whatever the machine does.
    [Fact]
    public async Task A_plan_estimates_a_move_tells_what_is_left_and_the_next_plan_has_learned()
    {
        await using var deployment = await LiveDeployment.StartAsync(new DeploymentSetup
        {
            Policy = TestPolicies.Anywhere,
            Links = LinkTerms.Of(TimeSpan.FromMilliseconds(40), BitsPerSecond),
        });
        var account = await deployment.Control.AddAccountAsync("IN", "singapore");
        await FillAsync(deployment, account);
        var control = deployment.Control;

        var plan = await PlanAsync(deployment);
        var move = Assert.Single(plan.Moves);
        Assert.Equal((account.Account, Objects, (long)Objects * ObjectBytes), (move.Account, move.Objects, move.Bytes));
        var linkSeconds = Objects * ObjectBytes * 8.0 / BitsPerSecond;
        Assert.InRange(move.EstimatedSeconds, linkSeconds / 2, 600);
        Assert.InRange(plan.EstimatedSeconds, linkSeconds / 2, 600);
        Assert.Empty(await MovesAsync(deployment));

        var begun = await control.BeginMoveAsync(account.Account, "california");
        var copying = await control.MoveBecomesAsync(
            begun.Move, view => view is { State: "copying", RemainingSeconds: not null }, "copying, with what is left");
        Assert.InRange(copying.RemainingSeconds!.Value, 0.1, 600);
        var done = await control.EndOfMoveAsync(begun.Move);
        Assert.Equal(("done", null), (done.State, done.RemainingSeconds));
        Assert.True(done is { CopyMs: > 0, EraseMs: > 0, PauseMs: > 0 });

        await control.MoveAsync(account.Account, "singapore");
        await deployment.KillAndStartAsync(LiveDeployment.ControlName);
        var learned = Assert.Single((await PlanAsync(deployment)).Moves);
        var took = (done.CopyMs!.Value + done.EraseMs!.Value) / 1000;
        Assert.InRange(learned.EstimatedSeconds, took / 2, took * 2);
    }

    private static async Task FillAsync(LiveDeployment deployment, NewAccountView account)
    {
        using var s3 = deployment.OpenS3(account);
        await s3.PutBucketAsync("photos", Cancelled);
        for (var at = 0; at < Objects; at++)
        {
            await s3.PutObjectAsync(
                new PutObjectRequest { BucketName = "photos", Key = $"{at}", InputStream = new MemoryStream(new byte[ObjectBytes]) },
                Cancelled);
        }
    }

    private static Task<PlanView> PlanAsync(LiveDeployment deployment)
        => deployment.Control.PostAsync(
            "plan", new PlanRequest(OnlyCalifornia, null), ApiJson.Default.PlanRequest, ApiJson.Default.PlanView);

    private static async Task<IReadOnlyList<MoveView>> MovesAsync(LiveDeployment deployment)
        => (await deployment.Control.GetAsync("moves", ApiJson.Default.MoveList)).Moves;

    private const string OnlyCalifornia =
        """
        version: 1
        rules:
          - name: All to California
            when: { residence: "*" }
            allow: { countries: [US] }
        """;
}
