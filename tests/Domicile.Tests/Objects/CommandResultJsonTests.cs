using System.Text.Json;
using Domicile.Moves;
using Domicile.Objects;
using Xunit;

namespace Domicile.Tests.Objects;

/// <summary>What a new home answers to a write that was handed over, and keeps of it.</summary>
public sealed class CommandResultJsonTests
{
    private static readonly Checksum Sum = new(ChecksumAlgorithm.Crc64Nvme, "AAAA", true);

    private static readonly CommandResult[] Results =
    [
        new CommandResult.Done(),
        new CommandResult.ObjectWritten("e", null, DateTimeOffset.UnixEpoch, 3, [Sum], "v"),
        new CommandResult.ObjectDeleted("v", true),
        new CommandResult.ObjectsDeleted([new DeleteOutcome("k", null, "v", true, null), new("l", "v", null, false, "c")]),
        new CommandResult.PartWritten("e", DateTimeOffset.UnixEpoch, null, "v"),
        new CommandResult.UploadCreated("u"),
        new CommandResult.Refused("NoSuchKey", "detail"),
    ];

    [Fact]
    public void Every_result_comes_back_as_it_went()
    {
        foreach (var result in Results)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(result, MovesJson.Default.CommandResult);
            Assert.Equivalent(result, JsonSerializer.Deserialize(json, MovesJson.Default.CommandResult), strict: true);
        }
    }

    [Fact]
    public void Every_kind_of_result_is_in_these_tests()
        => Assert.Equal(
            typeof(CommandResult).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(CommandResult)))
                .Select(type => type.Name).Order(StringComparer.Ordinal),
            Results.Select(result => result.GetType().Name).Distinct().Order(StringComparer.Ordinal));
}
