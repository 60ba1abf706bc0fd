using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Policies;
using Domicile.Proofs;
using Domicile.Proofs.Statements;
using Domicile.Storage;

namespace Domicile.Moves;

/// <summary>What a region's parts share: who it is, where its data lies, what it signs with and whom it can ask.</summary>
internal sealed record RegionContext
{
    public required RegionFacts Self { get; init; }

    public required RegionStorage Storage { get; init; }
    public required RegionDirectory Directory { get; init; }
    public required IRegionLinks Links { get; init; }
    public required EcdsaSigner Signer { get; init; }

    /// <summary>By which control's orders are known.</summary>
    public required OrderCheck Orders { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>What this process has found damaged.</summary>
    public DamagedAccounts Damages { get; } = new();
    public CopyBounds Copy { get; init; } = new();
    public ErasureBounds Erasing { get; init; } = new(MoveLimits.HoldsMax, MoveLimits.CutMax);

    /// <summary>Asked for after each erasure: has this process give back memory in which names may have stayed.</summary>
    public Action SweepMemory { get; init; } = () => { };

    /// <summary>Who tried what he may not; nowhere unless the region is a process of its own.</summary>
    public SecurityLog Security { get; init; } = SecurityLog.Nowhere;

    public RegionName Name => Self.Name;

    /// <summary>Whether this is a region that may speak here and be spoken to.</summary>
    public bool Knows(RegionName region) => Directory.FindMember(region) is not null;

    /// <summary>What policy needs to know of a region; null where it is none. Of this one its own config says it.</summary>
    public RegionFacts? FindFacts(RegionName region) => region == Name ? Self : Directory.FindMember(region)?.Facts;

    public RegionClaim Claim => ClaimOf(Self);

    /// <summary>Whether the policy that this region knows permits the account, with these categories, to lie in a region.</summary>
    public Permission Permits(AccountProfile profile, IReadOnlySet<string> categories, RegionName region)
    {
        var facts = FindFacts(region);
        return Directory.Policy switch
        {
            null => new Permission.Refused("no policy is known here yet"),
            _ when facts is null => new Permission.Refused($"region {region} is not of this deployment"),
            var policy => policy.Permits(profile, categories, facts),
        };
    }

    /// <exception cref="OrderRefusedException">Control has not signed this order.</exception>
    public void CheckOrder(MoveOrder? order)
    {
        if (!Orders.IsControls(order))
        {
            throw new OrderRefusedException(Name, order?.Move);
        }
    }

    /// <summary>A statement of this region about an account, signed.</summary>
    public byte[] Sign(MoveOrder order, Predicate predicate) => Sign(order.Account, order.Salt, predicate);

    public byte[] Sign(AccountId account, byte[] salt, Predicate predicate)
        => DsseEnvelope.Sign(new Statement(Subject.Account(account.Value, salt), predicate), Signer).ToBytes();

    /// <returns>What a statement says, whoever signed it; null where it is none of this kind.</returns>
    public static T? Read<T>(byte[] envelope)
        where T : Predicate
        => DsseEnvelope.TryParse(envelope, out var read, out _) && read.TryReadStatement(out var statement, out _)
            ? statement.Predicate as T : null;

    public static RegionClaim ClaimOf(RegionFacts facts)
        => new(
            facts.Name.Value, facts.Country.Code, new PartyClaim(facts.Operator.Name, facts.Operator.Country.Code),
            new PartyClaim(facts.Owner.Name, facts.Owner.Country.Code),
            new CustodianClaim(facts.Custodian.Kind, facts.Custodian.Country.Code));

    /// <returns>Why a statement of a region with these facts would make no receipt, by what control knows; null if it would.</returns>
    public static string? TroubleOf(RegionClaim said, RegionClaim known)
        => said == known ? null
            : $"Region {known.Name} was started with other facts than control: compare their configurations.";

    /// <summary>SHA-256 of canonical bytes, as statements name each other and the set digest.</summary>
    public static string Sha256Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
