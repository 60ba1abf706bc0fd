using System.Collections.Concurrent;
using Domicile.Control;
using Xunit;
using Xunit.v3;

namespace Domicile.Server.Tests.Relay;

/// <summary>
/// What one test was answered, byte for byte but for <see cref="Masks"/>. The same test by another route must have been answered
/// the same: whichever of the two ends later says where they differ.
/// </summary>
internal sealed class Transcript(string name, Route route, NewAccountView account, Uri at)
{
    private static readonly ConcurrentDictionary<string, Transcript> Running = new();
    private static readonly ConcurrentDictionary<(string Name, Route Route), IReadOnlyList<string>> Ended = new();

    private readonly List<MemoryStream> _answers = [];

    /// <summary>That of the test which runs; null where it has none.</summary>
    public static Transcript? Current
        => TestContext.Current.Test is { } test && Running.TryGetValue(test.UniqueID, out var transcript) ? transcript : null;

    public static Transcript Begin(object testClass, Route route, NewAccountView account, Uri at)
    {
        var type = route == Route.Home ? testClass.GetType() : testClass.GetType().BaseType!;
        var test = (IXunitTest)TestContext.Current.Test!;
        var name = $"{type.Name}.{test.TestMethod.MethodName}({string.Join(", ", test.TestMethodArguments)})";
        return Running[test.UniqueID] = new Transcript(name, route, account, at);
    }

    /// <returns>How the answers by one route differ from those at the home; empty where they don't, or where one is not known.</returns>
    /// <param name="isWhole">Whether the test came to its end.</param>
    public static string End(bool isWhole)
    {
        if (!Running.TryRemove(TestContext.Current.Test!.UniqueID, out var transcript) || !isWhole)
        {
            return "";
        }

        return transcript.Compare();
    }

    /// <summary>The test's answers depend on which of its requests was faster.</summary>
    public static void Forget() => Running.TryRemove(TestContext.Current.Test!.UniqueID, out _);

    public void Add(byte[] answer) => Open().Write(answer);

    /// <summary>A place, in the order of asking, for an answer that comes in pieces.</summary>
    public MemoryStream Open()
    {
        lock (_answers)
        {
            var answer = new MemoryStream();
            _answers.Add(answer);
            return answer;
        }
    }

    private string Compare()
    {
        lock (_answers)
        {
            Ended[(name, route)] = [.. _answers.Select(answer => Masks.Apply(answer.ToArray(), account, at))];
        }

        return string.Concat(Enum.GetValues<Route>()
            .Where(other => other != Route.Home && (route == Route.Home || route == other))
            .Select(other => Ended.TryGetValue((name, Route.Home), out var home) && Ended.TryGetValue((name, other), out var relayed)
                ? Difference(other, home, relayed) : ""));
    }

    private string Difference(Route other, IReadOnlyList<string> home, IReadOnlyList<string> relayed)
    {
        // What a test asks at the same time has no order.
        if (home.SequenceEqual(relayed) || home.Order(StringComparer.Ordinal).SequenceEqual(relayed.Order(StringComparer.Ordinal)))
        {
            return "";
        }

        var at = home.Zip(relayed).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"{name}: answer {at} of {home.Count} and {relayed.Count}\n-- home\n{home.ElementAtOrDefault(at)}\n"
            + $"-- {other}\n{relayed.ElementAtOrDefault(at)}\n";
    }
}
