using System.Text;
using Domicile.Objects;

namespace Domicile.Tests.Objects;

/// <summary>
/// S3 as AWS's user guide tells it, on plain lists: what the engine is compared with. It shares nothing with the engine but
/// the words; ids are taken from the engine's answers.
/// </summary>
internal sealed class ReferenceModel
{
    public SortedDictionary<string, ModelBucket> Buckets { get; } = new(StringComparer.Ordinal);

    public static int CompareBytes(string left, string right)
        => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));

    /// <summary>The current objects and the common prefixes, in one list of names.</summary>
    public List<string> List(string bucket, string prefix, string delimiter)
        => Roll(Current(bucket).Select(v => v.Key), prefix, delimiter);

    public List<string> ListVersions(string bucket, string prefix, string delimiter)
        => Roll(
            Newest(bucket).Select(v => v.Key), prefix, delimiter,
            Newest(bucket).ToLookup(v => v.Key, v => $"{v.Key}#{v.Id}"));

    public IEnumerable<ModelVersion> Newest(string bucket)
        => Buckets[bucket].Versions.AsEnumerable().Reverse()
            .OrderBy(v => v.Key, Comparer<string>.Create(CompareBytes));

    public ModelVersion? Latest(string bucket, string key) => Buckets[bucket].Versions.LastOrDefault(v => v.Key == key);

    public void Write(string bucket, ModelVersion version)
    {
        var versions = Buckets[bucket].Versions;
        if (Buckets[bucket].Versioning != Versioning.Enabled)
        {
            versions.RemoveAll(v => v.Key == version.Key && v.Id == "null");
        }

        versions.Add(version);
    }

    /// <returns>Whether a marker was written, for which the caller knows the id.</returns>
    public bool Delete(string bucket, string key, string? versionId, string? markerId)
    {
        if (versionId is not null)
        {
            Buckets[bucket].Versions.RemoveAll(v => v.Key == key && v.Id == versionId);
            return false;
        }

        if (Buckets[bucket].Versioning == Versioning.Off)
        {
            Buckets[bucket].Versions.RemoveAll(v => v.Key == key);
            return false;
        }

        Write(bucket, new ModelVersion(key, markerId!, "", 0, true, ""));
        return true;
    }

    private IEnumerable<ModelVersion> Current(string bucket)
        => Newest(bucket).GroupBy(v => v.Key).Select(versions => versions.First()).Where(v => !v.IsMarker);

    private static List<string> Roll(
        IEnumerable<string> keys, string prefix, string delimiter, ILookup<string, string>? names = null)
    {
        var rolled = new List<string>();
        foreach (var key in keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Distinct())
        {
            var rest = key[prefix.Length..];
            var at = delimiter.Length == 0 ? -1 : rest.IndexOf(delimiter, StringComparison.Ordinal);
            if (at < 0)
            {
                rolled.AddRange(names is null ? [key] : names[key]);
            }
            else if (rolled.LastOrDefault() != $"{prefix}{rest[..(at + delimiter.Length)]}|")
            {
                rolled.Add($"{prefix}{rest[..(at + delimiter.Length)]}|");
            }
        }

        return rolled;
    }
}

internal sealed class ModelBucket
{
    public Versioning Versioning { get; set; }

    /// <summary>In the order they came to be.</summary>
    public List<ModelVersion> Versions { get; } = [];
    public Dictionary<string, ModelUpload> Uploads { get; } = new(StringComparer.Ordinal);
}

internal sealed record ModelVersion(string Key, string Id, string ETag, long Size, bool IsMarker, string Tag);

internal sealed record ModelUpload(string Key)
{
    public SortedDictionary<int, (string ETag, long Size)> Parts { get; } = [];
}
