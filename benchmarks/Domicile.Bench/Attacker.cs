using System.Diagnostics;
using System.Globalization;

namespace Domicile.Bench;

/// <summary>An attack in a process of its own: what it costs itself must not look like what it costs the client beside it.</summary>
internal sealed class Attacker : IAsyncDisposable
{
    /// <summary>The first argument of such a process; then the attack's name, the endpoint and the access key's id.</summary>
    public const string Word = "attacker";

    private readonly Process _process;

    private Attacker(Process process) => _process = process;

    public static Attacker Start(Attack attack, Uri at, string accessKey)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Attacker).Assembly.Location);
        }

        foreach (var argument in new[] { Word, attack.Name, at.ToString(), accessKey })
        {
            start.ArgumentList.Add(argument);
        }

        return new Attacker(Process.Start(start)!);
    }

    /// <summary>What such a process does: it attacks until its input ends, and says how much it tried.</summary>
    public static async Task RunAsync(string name, Uri at, string accessKey)
    {
        using var over = new CancellationTokenSource();
        var attacking = Attack.All.Single(one => one.Name == name).RunAsync(at, accessKey, over.Token);
        await Console.In.ReadToEndAsync();
        await over.CancelAsync();
        await Console.Out.WriteLineAsync((await attacking).ToString(CultureInfo.InvariantCulture));
    }

    /// <returns>How much it tried.</returns>
    public async Task<long> EndAsync(CancellationToken cancellationToken)
    {
        _process.StandardInput.Close();
        var said = await _process.StandardOutput.ReadToEndAsync(cancellationToken);
        return long.TryParse(said, NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var tried)
            ? tried : throw new BenchmarkFailedException("The attacker ended before its time.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
