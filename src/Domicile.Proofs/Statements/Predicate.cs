using System.Text.Json.Serialization;

namespace Domicile.Proofs.Statements;

/// <summary>What a statement says of its subject. A closed set; each kind has a type URI and its own fields.</summary>
public abstract record Predicate
{
    internal const string TypePrefix = "https://domicile.dev/predicates/";

    private protected Predicate(string type) => Type = type;

    /// <summary>The in-toto <c>predicateType</c>. Not virtual: an override would end up among the predicate's fields.</summary>
    [JsonIgnore]
    public string Type { get; }

    /// <summary>What is wrong with the fields, or null.</summary>
    internal abstract string? Problem();
}
