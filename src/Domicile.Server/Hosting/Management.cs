using System.Globalization;
using System.Text;

namespace Domicile.Server.Hosting;

/// <summary>One value for Prometheus. Names and labels are of this program, never of a client or an account.</summary>
/// <param name="Name">By Prometheus's conventions: <c>domicile_</c>, the unit last, <c>_total</c> on counters.</param>
/// <param name="Labels">Name and value pairs; empty for none.</param>
internal sealed record Metric(
    string Name, string Help, bool IsCounter, double Value, params IReadOnlyList<(string Name, string Value)> Labels);

/// <summary>What a process tells its operator's tools.</summary>
/// <param name="Trouble">Why it isn't ready; null when it is.</param>
internal sealed record ManagementSources(Func<string?> Trouble, Func<IEnumerable<Metric>> Metrics);

/// <summary>The management listener of every process: /health/live, /health/ready, /metrics.</summary>
internal static class ManagementEndpoints
{
    // https://prometheus.io/docs/instrumenting/exposition_formats/
    private const string MetricsType = "text/plain; version=0.0.4; charset=utf-8";

    public static void Map(WebApplication app, ManagementSources sources)
    {
        app.MapGet("/health/live", () => TypedResults.Text("live\n"));
        app.MapGet("/health/ready", () => sources.Trouble() is { } trouble
            ? Results.Text($"not ready: {trouble}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n"));
        app.MapGet("/metrics", () => TypedResults.Text(Write(sources.Metrics().Concat(OfProcess())), MetricsType));
    }

    /// <summary>The text format. Metrics of one name must follow each other.</summary>
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

    private static string Escape(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static IEnumerable<Metric> OfProcess()
    {
        var memory = GC.GetGCMemoryInfo();
        yield return new Metric(
            "process_resident_memory_bytes", "Memory that the process holds.", false, Environment.WorkingSet);
        yield return new Metric(
            "process_cpu_seconds_total", "Processor time used.", true, Environment.CpuUsage.TotalTime.TotalSeconds);
        yield return new Metric("dotnet_gc_heap_bytes", "Managed heap.", false, memory.HeapSizeBytes);
        yield return new Metric(
            "dotnet_gc_pause_seconds_total", "Time that collections stopped the process.", true,
            GC.GetTotalPauseDuration().TotalSeconds);
        yield return new Metric("dotnet_thread_pool_threads", "Threads of the pool.", false, ThreadPool.ThreadCount);
    }
}
