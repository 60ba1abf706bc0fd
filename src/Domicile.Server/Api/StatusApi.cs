using Domicile.Control;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Domicile.Server.Api;

/// <summary>How the deployment stands.</summary>
internal static class StatusApi
{
    public static IReadOnlyList<ApiOperation> Operations { get; } =
    [
        new("GET", "/status", "Says how the deployment stands.", null, typeof(StatusView), StatusAsync),
        new("GET", "/regions", "Lists the regions with their four facts.",
            null, typeof(RegionList), RegionsAsync),
        new("POST", "/regions/{name}/enrol",
            "Takes a region in, by the fingerprint of its signing key as somebody has compared it.",
            typeof(EnrolRegion), typeof(EnrolledRegion), EnrolAsync),
        new("POST", "/regions/{name}/drain",
            "Empties a region: nothing is placed there any more, and its accounts move by policy. Again: goes on with what is left.",
            typeof(DrainRegion), typeof(DrainView), DrainAsync),
        new("POST", "/regions/{name}/undrain", "Lets a region take accounts again.",
            null, typeof(UndrainedRegion), UndrainAsync),
        new("POST", "/reload", "Takes the regions that domicile.yaml declares now, while everything runs.",
            null, typeof(ReloadView), ReloadAsync),
        new("GET", "/doctor", "Looks for what is wrong, in control and in every region.",
            null, typeof(DoctorView), DoctorAsync),
    ];

    private static async Task<Ok<StatusView>> StatusAsync(ControlDesk desk, CancellationToken cancelled)
        => TypedResults.Ok(await desk.Status.StatusAsync(cancelled));

    private static async Task<Ok<RegionList>> RegionsAsync(ControlDesk desk, CancellationToken cancelled)
        => TypedResults.Ok(await desk.Status.RegionsAsync(cancelled));

    private static async Task<Results<Ok<EnrolledRegion>, ApiProblem>> EnrolAsync(
        string name, EnrolRegion request, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Enrolments.EnrolAsync(name, request, cancelled));

    private static async Task<Results<Ok<DrainView>, ApiProblem>> DrainAsync(
        string name, DrainRegion request, ControlDesk desk, HttpContext context, CancellationToken cancelled)
        => Answers.From(await desk.Drains.DrainAsync(name, request, context.Operator(), cancelled));

    private static async Task<Results<Ok<UndrainedRegion>, ApiProblem>> UndrainAsync(
        string name, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Drains.UndrainAsync(name, cancelled));

    private static async Task<Results<Ok<ReloadView>, ApiProblem>> ReloadAsync(ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Reloads.ReloadAsync(cancelled));

    private static async Task<Ok<DoctorView>> DoctorAsync(ControlDesk desk, CancellationToken cancelled)
        => TypedResults.Ok(await desk.Doctor.ExamineAsync(cancelled));
}
