using Domicile.Accounts;
using Domicile.Deployments;

namespace Domicile.Policies;

/// <summary>
/// Ordered rules from (residence, organisation, category) to the regions where that data may lie. The first rule that
/// matches decides; no match means denied. See docs/formats/policy.md.
/// </summary>
/// <param name="Revision">Given by control, from 1, every change one more; 0 for a file that nobody has
/// applied.</param>
/// <param name="Text">The file as it was written, comments and all.</param>
/// <param name="Sha256">Of the text's UTF-8 bytes, 64 hex digits in lower case: what <c>sha256sum policy.yaml</c>
/// says.</param>
internal sealed record Policy(IReadOnlyList<PolicyRule> Rules, long Revision, string Text, string Sha256)
{
    public const int Version = 1;
    public const int FileLengthBytesMax = 256 * 1024;
    public const int RulesMax = 1000;


    /// <param name="regions">Names that the policy may use; null: any.</param>
    public static PolicyResult Load(string path, IReadOnlyCollection<RegionName>? regions = null)
        => ConfigFile.Read(path, FileLengthBytesMax, out var text) is { } error
            ? new PolicyResult.Invalid([error])
            : Parse(text, path, regions);

    /// <inheritdoc cref="Load"/>
    /// <param name="file">What errors call it.</param>
    public static PolicyResult Parse(string text, string file, IReadOnlyCollection<RegionName>? regions = null)
        => PolicyReader.Read(text, file, regions);

    /// <summary>
    /// Where the account belongs, as a whole: a region that the deciding rule of every category permits. It stays where
    /// it is if that is permitted; else the preferred order decides.
    /// </summary>
    /// <param name="categories">Of all that the account holds; empty counts as <see cref="Category.None"/>.</param>
    /// <param name="regions">Of the deployment. Ties go to the earlier.</param>
    /// <param name="current">The home; null for a new account.</param>
    public Placement Place(
        AccountProfile profile, IReadOnlySet<string> categories, IReadOnlyList<RegionFacts> regions,
        RegionName? current)
        => DecidingRules.Of(this, profile, categories).Place(regions, current);

    /// <summary>
    /// Every category that a rule names, and <see cref="Category.None"/>: for questions asked before the buckets are known.
    /// </summary>
    public IReadOnlySet<string> CategoriesNamed
        => Rules.SelectMany(rule => rule.When.Categories ?? new HashSet<string>()).Append(Category.None).ToHashSet();

    /// <summary>Whether all of these categories of the account may lie in the region.</summary>
    public Permission Permits(AccountProfile profile, IReadOnlySet<string> categories, RegionFacts region)
        => DecidingRules.Of(this, profile, categories).Judge(region);

    /// <summary>
    /// What a node that isn't the account's home does with a request for it. The strictest category decides.
    /// </summary>
    /// <param name="through">The region of the node where the request came in.</param>
    public TransitAnswer AnswerTransit(AccountProfile profile, IReadOnlySet<string> categories, RegionFacts through)
        => DecidingRules.Of(this, profile, categories).AnswerTransit(through);
}

/// <summary>What became of reading a policy.</summary>
internal abstract record PolicyResult
{
    private PolicyResult()
    {
    }

    public sealed record Ok(Policy Policy) : PolicyResult;

    /// <param name="Errors">At least one, in the order of their lines.</param>
    public sealed record Invalid(IReadOnlyList<LocatedError> Errors) : PolicyResult;
}

/// <summary>Where an account belongs.</summary>
internal abstract record Placement
{
    private Placement()
    {
    }

    /// <param name="Target">The current home if that is permitted, else the preferred region.</param>
    /// <param name="InPlace">The account is already there.</param>
    /// <param name="Rule">The name of the rule that decides; several categories' rules are joined by ", ".</param>
    /// <param name="Reason">One sentence.</param>
    /// <param name="PermittedRegions">In the preferred order.</param>
    public sealed record Permitted(
        RegionName Target, bool InPlace, string Rule, string Reason, IReadOnlyList<RegionName> PermittedRegions)
        : Placement;

    /// <param name="Rule">Null: no rule matches.</param>
    public sealed record Denied(string? Rule, string Reason) : Placement;
}

/// <summary>Whether an account may lie in a region, and why.</summary>
internal abstract record Permission(string Reason)
{
    public sealed record Granted(string Reason) : Permission(Reason);

    public sealed record Refused(string Reason) : Permission(Reason);
}

/// <summary>What a node does with a request whose account lives elsewhere.</summary>
internal abstract record TransitAnswer
{
    private TransitAnswer()
    {
    }

    /// <summary>Pass it on, and the answer back.</summary>
    public sealed record Relay : TransitAnswer;

    /// <summary>Content may not pass through here: 307 to the home.</summary>
    public sealed record Redirect : TransitAnswer;

    /// <summary>403 with this reason.</summary>
    public sealed record Refuse(string Reason) : TransitAnswer;
}
