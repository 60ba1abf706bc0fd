using Domicile.Accounts;
using Domicile.Control;
using Domicile.Moves;
using Domicile.Tests.Moves;
using Xunit;
using static Domicile.Tests.Control.TestControl;
using static Domicile.Tests.Moves.TestDeployment;

namespace Domicile.Tests.Control;

public sealed class PacesTests : IDisposable
{
    private static readonly RegionName California = RegionName.Parse("california");
    private static readonly MoveSize Size = new(1_000, 10_000_000);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("domicile-paces-");
    private readonly Dictionary<RegionName, IRegionPeer> _peers = [];
    private readonly ControlDatabase _database;
    private readonly ManualTime _time = new();
    private readonly Paces _paces;

    public PacesTests()
    {
        _database = ControlDatabase.Open(
            Path.Combine(_directory.FullName, ControlDatabase.FileName));
        _paces = new Paces(_database, new RegionQuestions(_peers.GetValueOrDefault, _time), _time);
    }

    [Fact]
    public async Task Moves_teach_their_own_way_and_the_way_back_until_one_has_gone_it()
    {
        var assumed = Seconds(California, Beijing);
        await EndedAsync(Beijing, Singapore, seconds: 40);

        Assert.InRange(assumed, 0.01, 5);
        Assert.InRange(Seconds(Beijing, Singapore), 30, 45);
        Assert.Equal(Seconds(Beijing, Singapore), Seconds(Singapore, Beijing));
        Assert.Equal(assumed, Seconds(California, Beijing));

        var there = Seconds(Beijing, Singapore);
        await EndedAsync(Singapore, Beijing, seconds: 400);

        Assert.InRange(Seconds(Singapore, Beijing), 200, 450);
        Assert.Equal(there, Seconds(Beijing, Singapore));
    }

    [Theory]
    [InlineData(1, 5, true)]
    [InlineData(180, 1, false)]
    [InlineData(1, 180, false)]
    public async Task The_way_back_costs_the_same_only_where_control_is_as_far_from_both(
        int toBeijingMs, int toSingaporeMs, bool isAlike)
    {
        await using var deployment = await TestDeployment.StartAsync();
        var distances = new Dictionary<RegionName, int> { [Beijing] = toBeijingMs, [Singapore] = toSingaporeMs };
        deployment.Break = (region, call) => _time.Advance(TimeSpan.FromMilliseconds(IsQuestion(call) ? distances[region] : 0));
        Array.ForEach([Beijing, Singapore], region => _peers[region] = deployment.Region(region));
        await EndedAsync(Beijing, Singapore, seconds: 40);

        await _paces.MeasureAsync([(Singapore, Beijing)], Cancelled);

        Assert.InRange(Seconds(Beijing, Singapore), 30, 45);
        Assert.Equal(isAlike, Seconds(Singapore, Beijing) is > 30 and < 45);
        Assert.InRange(Seconds(Singapore, Beijing), 0.01, 45);
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    private static bool IsQuestion(string call) => !call.EndsWith(" answered", StringComparison.Ordinal);

    private double Seconds(RegionName source, RegionName target)
    {
        _time.Advance(TimeSpan.FromSeconds(2)); // What was read is kept for a second.
        return _paces.Of(source, target).Turn.Costs.Seconds(Size, beside: 1);
    }

    private async Task EndedAsync(RegionName source, RegionName target, double seconds)
    {
        var move = new Move
        {
            Id = Guid.CreateVersion7(_time.GetUtcNow()),
            Profile = new AccountProfile(AccountId.Parse("aaaaaaaaaaaaaaaa"), Country.Parse("IN"), null),
            Source = source,
            Target = target,
            Epoch = 1,
            PolicyRevision = 1,
            Rule = "rule",
            RequestedAt = _time.GetUtcNow(),
            EraseAfter = TimeSpan.Zero,
            Salt = new byte[32],
        };
        var records = new MoveRecords(_database.Read, _database.WriteAsync);
        await records.AddAsync(move, Cancelled);
        var saved = records.Find(move.Id)!;
        var done = saved with
        {
            State = MoveState.Done,
            Objects = Size.Objects,
            Bytes = Size.Bytes,
            Took = new MoveTook(TurnMs: 1_000 * seconds, Beside: 1, AfterMs: 100),
        };
        Assert.True(await records.SaveAsync(saved, done, Cancelled));
    }
}
