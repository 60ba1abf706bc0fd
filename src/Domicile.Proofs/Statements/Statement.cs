using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Domicile.Proofs.Statements;

/// <summary>
/// An in-toto Statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with one subject and
/// one of our predicates. It has exactly one encoding: what is read back is written again and must be the same bytes, so
/// no two readers can see two statements in one text.
/// </summary>
public sealed record Statement(Subject Subject, Predicate Predicate)
{
    public const string TypeUri = "https://in-toto.io/Statement/v1";
    public const int LengthBytesMax = 64 * 1024;

    /// <summary>The canonical bytes: UTF-8 JSON without white space, fields in the documented order.</summary>
    /// <exception cref="ArgumentException">A field holds what no statement may say.</exception>
    public byte[] ToBytes()
    {
        if ((Subject.Problem() ?? Predicate.Problem()) is { } problem)
        {
            throw new ArgumentException($"Statement {Predicate.Type} can't be made: {problem}.");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ProofsJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("_type", TypeUri);
            json.WriteStartArray("subject");
            var subject = new SubjectForm(Subject.Name, new DigestForm(Subject.Sha256));
            JsonSerializer.Serialize(json, subject, ProofsJson.Compact.SubjectForm);
            json.WriteEndArray();
            json.WriteString("predicateType", Predicate.Type);
            json.WritePropertyName("predicate");
            JsonSerializer.Serialize(json, Predicate, InfoOf(Predicate.Type)!);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads the canonical bytes.</summary>
    /// <param name="problem">What is wrong, where the answer is false; empty otherwise.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Statement? statement, out string problem)
    {
        (statement, problem) = bytes.Length > LengthBytesMax
            ? (null, $"the statement is longer than {LengthBytesMax} bytes")
            : Parse(bytes);
        if (statement is not null && !statement.ToBytes().AsSpan().SequenceEqual(bytes))
        {
            (statement, problem) = (null, "the statement is not in its canonical form");
        }

        return statement is not null;
    }

    private static (Statement?, string) Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var form = JsonSerializer.Deserialize(bytes, ProofsJson.Compact.StatementForm);
            if (form is not { Type: TypeUri, Subject: [{ } subject], PredicateType: var type })
            {
                return (null, $"it is not an {TypeUri} with one subject");
            }

            if (InfoOf(type) is not { } info)
            {
                return (null, "its predicate type is not known here");
            }

            if (form.Predicate.Deserialize(info) is not Predicate predicate)
            {
                return (null, "its predicate is null");
            }

            var read = new Statement(new Subject(subject.Name, subject.Digest.Sha256), predicate);
            return (read.Subject.Problem() ?? read.Predicate.Problem()) is { } problem ? (null, problem) : (read, "");
        }
        catch (JsonException e)
        {
            return (null, $"it is not the JSON of a statement, at byte {e.BytePositionInLine}");
        }
    }

    private static JsonTypeInfo? InfoOf(string predicateType)
        => predicateType switch
        {
            MoveDeparture.TypeUri => ProofsJson.Compact.MoveDeparture,
            MoveArrival.TypeUri => ProofsJson.Compact.MoveArrival,
            Erasure.TypeUri => ProofsJson.Compact.Erasure,
            Reencryption.TypeUri => ProofsJson.Compact.Reencryption,
            Move.TypeUri => ProofsJson.Compact.Move,
            PolicyVersion.TypeUri => ProofsJson.Compact.PolicyVersion,
            PlacementOverride.TypeUri => ProofsJson.Compact.PlacementOverride,
            OperatorAccess.TypeUri => ProofsJson.Compact.OperatorAccess,
            _ => null,
        };
}
