using System.Runtime.CompilerServices;
using System.Text;

namespace Domicile.Simulation.Engine;

/// <summary>What happened, as lines for people and as one number that differs as soon as anything differs.</summary>
internal sealed class Trace(World world, bool isKept, Action<string>? live = null)
{
    private const ulong Prime = 0x100000001B3;

    private readonly List<string> _lines = [];

    public bool IsKept => isKept;

    public ulong Hash { get; private set; } = 0xCBF29CE484222325;

    public IReadOnlyList<string> Lines => _lines;

    public void Mix(long a, long b, long c, long d)
    {
        Hash = (Hash ^ (ulong)a) * Prime;
        Hash = (Hash ^ (ulong)b) * Prime;
        Hash = (Hash ^ (ulong)c) * Prime;
        Hash = (Hash ^ (ulong)d) * Prime;
        Hash ^= Hash >> 29;
    }

    /// <summary>Costs nothing where no trace is kept.</summary>
    public void Say([InterpolatedStringHandlerArgument("")] Words words)
    {
        if (isKept)
        {
            var line = words.Text;
            var timed = $"{TimeSpan.FromTicks(world.Now).TotalSeconds,10:F4} {line}";
            _lines.Add(timed);
            live?.Invoke(timed);
            foreach (var c in line)
            {
                Hash = (Hash ^ c) * Prime;
            }
        }
    }

    [InterpolatedStringHandler]
    public readonly ref struct Words
    {
        private readonly StringBuilder? _text;

        public Words(int literalLength, int formattedCount, Trace trace, out bool isEnabled)
        {
            isEnabled = trace.IsKept;
            _text = isEnabled ? new StringBuilder(literalLength + formattedCount * 8) : null;
        }

        public string Text => _text?.ToString() ?? "";

        public void AppendLiteral(string literal) => _text!.Append(literal);

        public void AppendFormatted<T>(T value) => _text!.Append(value);

        public void AppendFormatted<T>(T value, string format)
            where T : IFormattable
            => _text!.Append(value.ToString(format, null));
    }
}
