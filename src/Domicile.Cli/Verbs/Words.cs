using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Domicile.Accounts;
using Domicile.Cli.Formats;
using Domicile.Control;

namespace Domicile.Cli.Verbs;

/// <summary>Arguments and options that several verbs share, checked where they are parsed.</summary>
internal static class Words
{
    public static Argument<string> Account(string description = "Account id, 16 characters of a-z and 2-7")
    {
        var argument = new Argument<string>("ACCOUNT") { Description = description };
        argument.Validators.Add(result => Check(
            result, AccountId.TryParse(One(result), out _), "is not an account id (`domicile account list` shows them)"));
        return argument;
    }

    public static Argument<Guid> Move()
        => new("MOVE")
        {
            Description = "Id of a move, as `domicile moves list` shows it",
            CustomParser = result =>
            {
                if (!Guid.TryParse(One(result), out var id))
                {
                    result.AddError($"'{One(result)}' is not a move's id (`domicile moves list` shows them)");
                }

                return id;
            },
        };

    public static Argument<long> Index(string description)
    {
        var argument = new Argument<long>("N") { Description = description };
        argument.Validators.Add(result => Check(
            result, long.TryParse(One(result), out var n) && n >= 0, "is not an index: give a whole number from 0"));
        return argument;
    }

    public static Option<string?> Region(string name, string description, bool required = false)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "REGION", Required = required };
        option.Validators.Add(result => Check(
            result, RegionName.TryParse(One(result), out _), "is not a region's name (`domicile status` shows them)"));
        return option;
    }

    public static Option<string?> Residence()
    {
        var option = new Option<string?>("--residence")
        {
            Description = "Country of the data subject, ISO 3166-1 alpha-2",
            HelpName = "CC",
            Required = true,
        };
        option.Validators.Add(result => Check(
            result, Country.TryParse(One(result).ToUpperInvariant(), out _), "is not an ISO 3166-1 country code, such as IN"));
        return option;
    }

    public static Option<TimeSpan?> Duration(string name, string description)
        => new(name)
        {
            Description = description,
            HelpName = "24h",
            CustomParser = result =>
            {
                if (Durations.TryParse(One(result), out var duration))
                {
                    return duration;
                }

                result.AddError($"'{One(result)}' is not a duration: write 10s, 30m, 24h or 7d");
                return null;
            },
        };

    /// <summary>A policy file's text, for the API to read.</summary>
    public static Option<string?> Policy()
        => new("--policy") { Description = "A policy file instead of the policy in force", HelpName = "FILE" };

    public static Option<int?> AtOnce()
        => Number("--at-once", "How many moves run at the same time", 1, ControlLimits.AtOnceMax);

    public static Option<int?> Number(string name, string description, int least, int most)
        => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                if (int.TryParse(One(result), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number >= least && number <= most)
                {
                    return number;
                }

                result.AddError($"{name} takes a number from {least} to {most}");
                return null;
            },
        };

    private static string One(SymbolResult result) => result.Tokens.Count > 0 ? Clean.Line(result.Tokens[^1].Value) : "";

    private static void Check(SymbolResult result, bool isGood, string trouble)
    {
        if (!isGood && result.Tokens.Count > 0)
        {
            result.AddError($"'{One(result)}' {trouble}");
        }
    }
}
