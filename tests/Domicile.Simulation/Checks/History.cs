using System.Security.Cryptography;
using Domicile.Accounts;
using Domicile.Simulation.Clients;
using Domicile.Simulation.Engine;

namespace Domicile.Simulation.Checks;

/// <summary>What clients asked and were answered, key by key; each key is a register that must be linearizable.</summary>
internal sealed class History
{
    private readonly Dictionary<(AccountId Account, string Bucket, string Key), KeyHistory> _keys = [];
    private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);
    private long _clock;
    private long _lastValue;

    /// <summary>The last event so far.</summary>
    public long Now => _clock;

    public int Operations { get; private set; }

    public int Writes { get; private set; }

    public IEnumerable<KeyHistory> Keys => _keys.Values;

    public long DrawValue()
    {
        var value = ++_lastValue;
        var etag = Contents.ETagOf(value);
        _values[etag] = value;
#pragma warning disable CA5351 // S3's ETag of an upload is an MD5 of MD5s.
        _values[$"{Convert.ToHexStringLower(MD5.HashData(Convert.FromHexString(etag)))}-1"] = value;
#pragma warning restore CA5351
        return value;
    }

    /// <returns>-1 where no client ever wrote it.</returns>
    public long ValueOf(string etag) => _values.GetValueOrDefault(etag, -1);

    public KeyHistory Of(AccountId account, string bucket, string key)
    {
        if (!_keys.TryGetValue((account, bucket, key), out var history))
        {
            _keys[(account, bucket, key)] = history = new KeyHistory(account, bucket, key);
        }

        return history;
    }

    /// <summary>An operation is asked; until it ends nobody knows whether it happened.</summary>
    public Operation Begin(AccountId account, string bucket, string key, string client, OperationKind kind, long value)
    {
        Operations++;
        Writes += kind is OperationKind.Read ? 0 : 1;
        var operation = new Operation(client, kind, value) { Began = ++_clock };
        Of(account, bucket, key).Operations.Add(operation);
        return operation;
    }

    public void End(Operation operation, long value)
    {
        operation.Value = operation.Kind == OperationKind.Read ? value : operation.Value;
        operation.Ended = ++_clock;
    }

    /// <summary>Refused for good: it never happened. Only a condition that failed tells what was there.</summary>
    public void Refuse(Operation operation, bool foundPresent)
    {
        operation.Kind = foundPresent ? OperationKind.FoundPresent : OperationKind.Void;
        operation.Ended = ++_clock;
    }

    /// <summary>A read without an answer says nothing.</summary>
    public static void Forget(Operation operation)
        => operation.Kind = operation.Kind == OperationKind.Read ? OperationKind.Void : operation.Kind;

    public void Check()
    {
        foreach (var key in _keys.Values)
        {
            key.Check();
        }
    }
}

internal enum OperationKind
{
    Put,
    PutIfAbsent,
    Delete,
    Read,

    /// <summary>A put on the condition of absence that was refused: the key was there.</summary>
    FoundPresent,

    /// <summary>It never happened, or says nothing.</summary>
    Void,
}

/// <summary>One client's operation on one key. Times count events; without an end it may happen at any later time, or never.</summary>
internal sealed class Operation(string client, OperationKind kind, long value)
{
    public string Client => client;

    public OperationKind Kind { get; set; } = kind;

    /// <summary>What is written or was read; 0 for absence.</summary>
    public long Value { get; set; } = value;

    public long Began { get; init; }

    public long Ended { get; set; } = long.MaxValue;

    public bool IsAnswered => Ended != long.MaxValue;

    public override string ToString()
        => $"[{Began},{(IsAnswered ? Ended.ToString(System.Globalization.CultureInfo.InvariantCulture) : "?")}] {Client} {Kind} {Value}";
}

/// <summary>All that happened to one key.</summary>
internal sealed class KeyHistory(AccountId account, string bucket, string key)
{
    public AccountId Account => account;

    public string Bucket => bucket;

    public string Key => key;

    public List<Operation> Operations { get; } = [];

    /// <summary>The reads of a probe that came after everything else, if any.</summary>
    public long FinalFrom { get; set; } = long.MaxValue;

    public void Check()
    {
        var all = Operations.Where(one => one.Kind != OperationKind.Void).ToList();
        CheckSessions(all);
        if (Linearization.Exists(all))
        {
            return;
        }

        // :: Which of the names: without the last look, is there an order?
        var before = all.Where(one => one.Began < FinalFrom).ToList();
        if (before.Count == all.Count || !Linearization.Exists(before))
        {
            throw Violated(Invariants.LinearizableReads, all, "no order of these explains what was read");
        }

        var last = all.First(one => one.Began >= FinalFrom && one.Kind == OperationKind.Read);
        var wasSeen = all.Any(one => one.Kind is OperationKind.Put or OperationKind.PutIfAbsent && one.Value == last.Value);
        throw Violated(
            wasSeen && last.Value != 0 ? Invariants.NoResurrection : Invariants.NoLostWrite, all,
            $"in the end {(last.Value == 0 ? "nothing" : last.Value)} is there");
    }

    // A client that alone writes a key, one write after the other, knows what it must read.
    private void CheckSessions(List<Operation> all)
    {
        var writers = all.Where(one => one.Kind is not (OperationKind.Read or OperationKind.FoundPresent)).ToList();
        if (writers.Select(one => one.Client).Distinct().Count() > 1)
        {
            return;
        }

        foreach (var read in all.Where(one => one.Kind == OperationKind.Read && one.IsAnswered && one.Began < FinalFrom))
        {
            var mine = writers.Where(one => one.IsAnswered && one.Ended < read.Began).MaxBy(one => one.Ended);
            var isPossible = mine is null || read.Value == ValueAfter(mine)
                || writers.Any(one => one != mine && ValueAfter(one) == read.Value && one.Ended > mine.Began);
            if (read.Client == mine?.Client && !isPossible)
            {
                throw Violated(Invariants.ReadYourWrites, all, $"{read} although {mine}");
            }
        }
    }

    private static long ValueAfter(Operation write) => write.Kind == OperationKind.Delete ? 0 : write.Value;

    private ViolationException Violated(string invariant, List<Operation> all, string what)
        => new(invariant, $"{account}/{bucket}/{key}: {what}\n    {string.Join("\n    ", all)}");
}
