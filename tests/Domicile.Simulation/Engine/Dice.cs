namespace Domicile.Simulation.Engine;

/// <summary>Numbers that follow from a seed and from nothing else: SplitMix64 (Steele, Lea, Flood 2014).</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var mixed = _state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <returns>0 to <paramref name="count"/> - 1.</returns>
    public int Below(int count) => (int)(((UInt128)Next() * (ulong)count) >> 64);

    /// <returns>Both ends are possible.</returns>
    public int Between(int least, int most) => least + Below(most - least + 1);

    public bool Hits(double probability) => Next() < probability * ulong.MaxValue;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)Next();
        }

        return bytes;
    }

    /// <summary>Another row of numbers, which stays the same whatever is drawn from this one meanwhile.</summary>
    public Dice Fork() => new(Next());
}
