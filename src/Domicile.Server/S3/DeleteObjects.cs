using Domicile.Objects;
using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

internal static class DeleteObjects
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await DocumentIntake.ReadXmlAsync(exchange, "Delete", S3Limits.DeleteDocumentBytesMax, needsDigest: true))
                .Failed(out var error, out var document)
            || Parse(document).Failed(out error, out var objects)
            || (await exchange.FindBucketAsync(exchange.Bucket)).Failed(out error, out _))
        {
            return error;
        }

        // A key that no object can have was never there: it is told apart, the rest is deleted.
        var possible = objects.Where(each => ObjectKey.Check(each.Key) is null).ToList();
        var deleted = new CommandResult.ObjectsDeleted([]);
        if (possible.Count > 0
            && (await exchange.WriteAsync<CommandResult.ObjectsDeleted>(new Objects.DeleteObjects(exchange.Bucket, possible)))
                .Failed(out error, out deleted))
        {
            return error;
        }

        var isQuiet = string.Equals(document["Quiet"], "true", StringComparison.OrdinalIgnoreCase);
        var answer = new XmlAnswer("DeleteResult");
        foreach (var outcome in deleted.Outcomes)
        {
            AddOutcome(answer, outcome, isQuiet);
        }

        foreach (var each in objects.Where(each => ObjectKey.Check(each.Key) is not null))
        {
            var refusal = ObjectKey.Check(each.Key)!;
            AddError(answer, each.Key, each.VersionId, refusal.Code, refusal.Message);
        }

        return await S3Answer.XmlAsync(exchange, answer);
    }

    public static Outcome<List<ObjectToDelete>> Parse(XmlElement document)
    {
        var objects = new List<ObjectToDelete>();
        foreach (var each in document.All("Object"))
        {
            if (each["Key"] is not { Length: > 0 } key)
            {
                return S3Error.Of("MalformedXML");
            }

            if (each.Child("LastModifiedTime") is not null || each.Child("Size") is not null)
            {
                return S3Error.Of("NotImplemented", "Deleting on condition of time or size is not implemented.");
            }

            var conditions = each["ETag"] is { Length: > 0 } etag
                ? new WriteConditions([EntityTags.Unquote(etag)], null)
                : WriteConditions.None;
            objects.Add(new ObjectToDelete(key, each["VersionId"] is { Length: > 0 } id ? id : null, conditions));
        }

        return objects.Count is >= 1 and <= S3Limits.KeysToDeleteMax ? objects : S3Error.Of("MalformedXML");
    }

    private static void AddOutcome(XmlAnswer answer, DeleteOutcome outcome, bool isQuiet)
    {
        if (outcome.ErrorCode is { } code)
        {
            AddError(answer, outcome.Key, outcome.RequestedVersionId, code, S3Error.Of(code).Message);
        }
        else if (!isQuiet)
        {
            answer.Open("Deleted").Add("Key", outcome.Key).Add("VersionId", outcome.RequestedVersionId);
            if (outcome.IsDeleteMarker)
            {
                answer.Add("DeleteMarker", true).Add("DeleteMarkerVersionId", outcome.VersionId);
            }

            answer.Close();
        }
    }

    private static void AddError(XmlAnswer answer, string key, string? versionId, string code, string message)
        => answer.Open("Error").Add("Key", key).Add("VersionId", versionId).Add("Code", code).Add("Message", message).Close();
}
