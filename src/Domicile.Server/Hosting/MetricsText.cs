using System.Globalization;
using System.Text;

namespace Domicile.Server.Hosting;

/// <summary>One value for Prometheus. Names and labels are of this program, never of a client or an account.</summary>
/// <param name="Name">By Prometheus's conventions: <c>domicile_</c>, the unit last, <c>_total</c> on counters.</param>
/// <param name="Labels">Name and value pairs; empty for none.</param>
internal sealed record Metric(
    string Name, string Help, bool IsCounter, double Value, params IReadOnlyList<(string Name, string Value)> Labels);

/// <summary>Prometheus's text format (https://prometheus.io/docs/instrumenting/exposition_formats/).</summary>
internal static class MetricsText
{
    /// <summary>Metrics of one name must follow each other.</summary>
    public static string Write(IEnumerable<Metric> metrics)
    {
        var text = new StringBuilder();
        string? last = null;
        foreach (var metric in metrics)
        {
            if (metric.Name != last)
            {
                text.Append("# HELP ").Append(metric.Name).Append(' ').Append(Escape(metric.Help)).Append('\n');
                text.Append("# TYPE ").Append(metric.Name).Append(metric.IsCounter ? " counter\n" : " gauge\n");
                last = metric.Name;
            }

            var labels = string.Join(',', metric.Labels.Select(label => $"{label.Name}=\"{Escape(label.Value)}\""));
            text.Append(metric.Name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ')
                .Append(metric.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>What every process says of itself.</summary>
    public static IEnumerable<Metric> OfProcess()
    {
        yield return new Metric(
            "process_resident_memory_bytes", "Memory that the process holds.", false, Environment.WorkingSet);
        yield return new Metric(
            "process_cpu_seconds_total", "Processor time used.", true, Environment.CpuUsage.TotalTime.TotalSeconds);
        yield return new Metric(
            "dotnet_gc_pause_seconds_total", "Time that collections stopped the process.", true,
            GC.GetTotalPauseDuration().TotalSeconds);
        yield return new Metric("dotnet_thread_pool_threads", "Threads of the pool.", false, ThreadPool.ThreadCount);
    }

    private static string Escape(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
