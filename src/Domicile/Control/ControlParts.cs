using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;

namespace Domicile.Control;

/// <summary>What control's desks share. Made once, when control starts.</summary>
internal sealed record ControlParts
{
    public required DeploymentBook Deployment { get; init; }

    /// <summary>What a reload reads, and prepares.</summary>
    public required DeploymentFiles Files { get; init; }
    public required ControlDatabase Database { get; init; }
    public required AccountDirectory Directory { get; init; }
    public required PolicyBook Policies { get; init; }
    public required DrainBook Draining { get; init; }
    public required RegionQuestions Regions { get; init; }
    public required ControlLedger Ledger { get; init; }
    public required RegionKeys Keys { get; init; }
    public required Receipts Receipts { get; init; }
    public required MoveDesk Moves { get; init; }
    public required Paces Paces { get; init; }
    public required Forecasts Forecasts { get; init; }
    public required Entropy Entropy { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>In force now: who needs one answer to be of one configuration asks once.</summary>
    public DeploymentConfig Config => Deployment.Config;

    /// <summary>Where accounts may be placed: not in regions that are being drained.</summary>
    public IReadOnlyList<RegionFacts> Placeable => [.. Config.Facts.Where(facts => !Draining.Contains(facts.Name))];

    /// <summary>
    /// Entered while an account is checked and then told to be erased or moved, so that the other can't begin in between.
    /// </summary>
    public KeyedGate Placing { get; } = new();
}
