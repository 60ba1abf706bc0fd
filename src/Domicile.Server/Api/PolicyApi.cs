using Domicile.Control;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Domicile.Server.Api;

/// <summary>The policy, and what follows from it.</summary>
internal static class PolicyApi
{
    public static IReadOnlyList<ApiOperation> Operations { get; } =
    [
        new("GET", "/policy", "Shows the policy in force.", null, typeof(PolicyView), Show),
        new("PUT", "/policy", "Puts a policy in force. Accounts stay where they are until it is applied.",
            typeof(PolicyText), typeof(PolicyView), PutAsync),
        new("POST", "/policy/check", "Reads a policy and says what is wrong or odd about it. Changes nothing.",
            typeof(PolicyText), typeof(PolicyCheckView), Check),
        new("POST", "/plan", "Says which accounts are out of place, and what moving them would take. Changes nothing.",
            typeof(PlanRequest), typeof(PlanView), PlanAsync),
        new("POST", "/apply",
            "Puts the policy in force, if one is given, and moves the accounts that are out of place.",
            typeof(PlanRequest), typeof(ApplyView), ApplyAsync),
    ];

    private static Ok<PolicyView> Show(ControlDesk desk) => TypedResults.Ok(desk.Policies.Show());

    private static async Task<Results<Ok<PolicyView>, ApiProblem>> PutAsync(
        PolicyText request, ControlDesk desk, HttpContext context, CancellationToken cancelled)
        => Answers.From(await desk.Policies.PutAsync(request, context.Operator(), cancelled));

    private static Ok<PolicyCheckView> Check(PolicyText request, ControlDesk desk)
        => TypedResults.Ok(desk.Policies.Check(request));

    private static async Task<Results<Ok<PlanView>, ApiProblem>> PlanAsync(
        PlanRequest request, ControlDesk desk, CancellationToken cancelled)
        => Answers.From(await desk.Plans.PlanAsync(request, cancelled));

    private static async Task<Results<Ok<ApplyView>, ApiProblem>> ApplyAsync(
        PlanRequest request, ControlDesk desk, HttpContext context, CancellationToken cancelled)
        => Answers.From(await desk.Plans.ApplyAsync(request, context.Operator(), cancelled));
}
