using System.Security.Cryptography;
using System.Text;
using Domicile.Control;

namespace Domicile.Cli.Demo;

/// <summary>One account of the demo. The name is a label on the screen and goes nowhere else.</summary>
internal sealed record Person(string Name, string Residence, NewAccountView Account, Markers Markers)
{
    // Who lived where in 2014's story; more accounts than names begin again with a number.
    private static readonly (string Name, string Residence)[] Cast =
    [
        ("Li", "CN"), ("Priya", "IN"), ("Anna", "DE"), ("Emma", "US"), ("Wei", "SG"), ("Camille", "FR"), ("Aisyah", "MY"),
        ("Oliver", "GB"), ("Zhang", "CN"), ("Arjun", "IN"), ("Jonas", "DE"), ("Noah", "US"),
    ];

    /// <summary>Whether the demo's policy wants it out of Beijing.</summary>
    public bool Leaves => Residence != "CN";

    public string Id => Account.Account;

    public static (string Name, string Residence) Role(int index)
    {
        var (name, residence) = Cast[index % Cast.Length];
        return (index < Cast.Length ? name : $"{name} {index / Cast.Length + 1}", residence);
    }
}

/// <summary>
/// Random words written with an account's data, so that whatever is left of it anywhere can be found by its bytes.
/// </summary>
internal sealed record Markers(string Name, string Metadata, string Content)
{
    public static Markers Draw() => new($"name-{Word()}", $"meta-{Word()}", $"body-{Word()}");

    private static string Word() => RandomNumberGenerator.GetHexString(24, lowercase: true);
}

/// <summary>What to search for, and what it is.</summary>
internal sealed record Needle(Person Owner, string What, byte[] Bytes)
{
    /// <summary>All that must vanish with an account: names, metadata, contents, and what its devices sign with.</summary>
    public static IEnumerable<Needle> Of(Person person)
        =>
        [
            new(person, "object name", Encoding.UTF8.GetBytes(person.Markers.Name)),
            new(person, "metadata", Encoding.UTF8.GetBytes(person.Markers.Metadata)),
            new(person, "content", Encoding.UTF8.GetBytes(person.Markers.Content)),
            new(person, "secret key", Encoding.UTF8.GetBytes(person.Account.SecretKey)),
            new(person, "access key", Encoding.UTF8.GetBytes(person.Account.AccessKey)),
        ];
}
