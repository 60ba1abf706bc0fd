namespace Domicile.Server.Tests.Moves;

/// <summary>
/// Whether the operations on one key can be put into one order, each between its invocation and its return, in which every
/// answer is right. The search is Wing and Gong's with Lowe's memory ("Testing for linearizability", 2017): a state that was
/// reached with the same operations done is not searched again.
/// </summary>
internal sealed class Linearizability
{
    // Of the list of calls and returns that are still to be placed, in the order of time. Call i has entry 2i, return 2i + 1.
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly IReadOnlyList<Operation> _operations;
    private readonly int _head;
    private readonly ulong[] _done;
    private readonly HashSet<(Bits Done, string? Present)> _seen = [];
    private int _definiteLeft;

    private Linearizability(IReadOnlyList<Operation> operations)
    {
        _operations = operations;
        _head = operations.Count * 2;
        _next = new int[_head + 1];
        _previous = new int[_head + 1];
        _done = new ulong[(operations.Count / 64) + 1];
        _definiteLeft = operations.Count(operation => operation.Outcome != OperationOutcome.Unknown);
        Link();
    }

    public static bool Holds(IReadOnlyList<Operation> operationsOnOneKey) => new Linearizability(operationsOnOneKey).Search();

    private bool Search()
    {
        var placed = new Stack<(int Entry, string? Before)>();
        string? present = null;
        for (var entry = _next[_head]; _definiteLeft > 0;)
        {
            if (entry % 2 == 0 && entry != _head)
            {
                entry = TryPlace(entry, ref present, placed) ? _next[_head] : _next[entry];
            }
            else if (placed.TryPop(out var last))
            {
                // Somebody had its answer, and no order explains it: the last placed was placed wrongly.
                present = last.Before;
                Unplace(last.Entry);
                entry = _next[last.Entry];
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private bool TryPlace(int entry, ref string? present, Stack<(int Entry, string? Before)> placed)
    {
        if (!_operations[entry / 2].TryApply(present, out var after))
        {
            return false;
        }

        Flip(entry / 2);
        if (!_seen.Add((new Bits([.. _done]), after)))
        {
            Flip(entry / 2);
            return false;
        }

        placed.Push((entry, present));
        present = after;
        _definiteLeft -= _operations[entry / 2].Outcome == OperationOutcome.Unknown ? 0 : 1;
        Unlink(entry);
        Unlink(entry + 1);
        return true;
    }

    private void Unplace(int entry)
    {
        Flip(entry / 2);
        _definiteLeft += _operations[entry / 2].Outcome == OperationOutcome.Unknown ? 0 : 1;
        Relink(entry + 1);
        Relink(entry);
    }

    private void Link()
    {
        // A call and a return at the same tick overlap: the call comes first.
        var order = Enumerable.Range(0, _head).OrderBy(TimeOf).ThenBy(entry => entry % 2).ThenBy(entry => entry).ToList();
        var last = _head;
        foreach (var entry in order)
        {
            (_next[last], _previous[entry]) = (entry, last);
            last = entry;
        }

        (_next[last], _previous[_head]) = (_head, last);
    }

    private long TimeOf(int entry)
        => entry % 2 == 0 ? _operations[entry / 2].InvokedAt : _operations[entry / 2].ReturnedAt;

    private void Flip(int operation) => _done[operation / 64] ^= 1UL << (operation % 64);

    private void Unlink(int entry) => (_next[_previous[entry]], _previous[_next[entry]]) = (_next[entry], _previous[entry]);

    // The reverse of Unlink, as long as it is done in the reverse order.
    private void Relink(int entry) => (_next[_previous[entry]], _previous[_next[entry]]) = (entry, entry);

    private readonly record struct Bits(ulong[] Words)
    {
        public bool Equals(Bits other) => Words.AsSpan().SequenceEqual(other.Words);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Words.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
