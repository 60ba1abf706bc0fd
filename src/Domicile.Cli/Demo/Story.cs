using Domicile.Cli.Formats;
using Domicile.Cli.Local;
using Domicile.Cli.Verbs;
using Domicile.Control;

namespace Domicile.Cli.Demo;

/// <summary>
/// The demo as it is told:
/// 1. regions (started by the caller); 2. accounts, all in Beijing, with files; 3. the plan; 4. the moves, while devices
/// go on; 5. checks from outside.
/// </summary>
internal sealed class Story(VerbCall call, Teller teller, LocalDeployment deployment, SampleFiles files, int count)
{
    private const string OldHome = "beijing";
    private const int FillAtOnce = 4;
    private const int FilesEachMax = 24;

    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);

    private readonly ControlClient _control = ControlClient.Open(new DeploymentAddress(deployment.Directory, null, null), _ => { });
    private readonly Dictionary<Person, Journal> _uploads = [];
    private readonly Dictionary<Person, Journal> _journals = [];
    private readonly long _begun = call.Time.GetTimestamp();

    public async Task<DemoDocument> RunAsync(CancellationToken stop)
    {
        using var control = _control;
        ShowRegions();

        // :: Step 2: accounts
        await AddAccountsAsync(stop);
        await FillAsync(stop);
        await ShowPlacesAsync(stop);

        // :: Step 3: the plan
        await ShowPlanAsync(stop);

        // :: Step 4: the moves
        var moves = await MoveAsync(stop);

        // :: Step 5: checks
        return await CheckAsync(moves, stop);
    }

    private void ShowRegions()
    {
        var table = Tables.New("region", "country", "operator", "owner", "keys", "exposure", "endpoint");
        foreach (var region in deployment.Config.Regions)
        {
            var facts = region.Facts;
            table.Row(
                facts.Name.Value, facts.Country.Code, $"{facts.Operator.Name} ({facts.Operator.Country})",
                $"{facts.Owner.Name} ({facts.Owner.Country})", facts.Custodian.Country.Code,
                string.Join(' ', facts.Exposure.Order()), deployment.EndpointOf(facts.Name.Value).Authority);
        }

        teller.Show(table);
        teller.Line($"console: {deployment.Console}");
    }

    private async Task AddAccountsAsync(CancellationToken stop)
    {
        teller.Chapter($"{count} accounts, all homed in Beijing, as in 2014");
        for (var index = 0; index < count; index++)
        {
            var (name, residence) = Person.Role(index);
            var request = new NewAccount(residence, null, OldHome, residence == "CN" ? null : "taken over as it lies (demo)");
            var account = await _control.PostAsync(
                "accounts", request, ApiJson.Default.NewAccount, ApiJson.Default.NewAccountView, stop);
            var person = new Person(name, residence, account, Markers.Draw());
            _uploads.Add(person, new Journal());
        }
    }

    private async Task FillAsync(CancellationToken stop)
    {
        files.Notes.ToList().ForEach(teller.Line);
        var each = Math.Min(files.Files.Count, FilesEachMax);
        teller.Line($"each gets {each} files of {files.Directory} through S3, with a stock client");
        await Parallel.ForEachAsync(
            _uploads.Select((entry, index) => (entry.Key, entry.Value, index)),
            new ParallelOptions { MaxDegreeOfParallelism = FillAtOnce, CancellationToken = stop },
            async (entry, token) =>
            {
                var (person, journal, index) = entry;
                // Dealt in turn, so that everyone gets some even of many files.
                var share = Enumerable.Range(0, each).Select(n => files.Files[(index * each + n) % files.Files.Count]).ToList();
                await Uploads.FillAsync(person, deployment.EndpointOf(OldHome), share, journal, teller.Line, token);
            });
    }

    private async Task ShowPlacesAsync(CancellationToken stop)
    {
        var table = Tables.New("who", "residence", "account", "home", "exposure", "objects", "size", "in place", "rule");
        foreach (var person in _uploads.Keys)
        {
            var where = await _control.GetAsync($"accounts/{person.Id}/where", ApiJson.Default.WhereView, stop);
            var sizes = where.Sizes?.Values.ToList() ?? [];
            table.Row(
                person.Name, person.Residence, person.Id, where.Home, string.Join(' ', where.Exposure),
                Sizes.Count(sizes.Sum(size => size.Objects)), Sizes.Format(sizes.Sum(size => size.Bytes)),
                where.Placed ? "yes" : $"no: {where.Target}", where.Rule);
        }

        teller.Show(table.Right(5, 6));
        var leaving = _uploads.Keys.Count(person => person.Leaves);
        var seen = new Checks(deployment, _control, _uploads).CountSeen(stop);
        teller.Line($"markers of {seen} of the {leaving} accounts outside China are found in the bytes of {OldHome}'s files");
    }

    private async Task ShowPlanAsync(CancellationToken stop)
    {
        teller.Chapter("The plan: China's residents stay, everyone else leaves");
        var plan = await _control.PostAsync(
            "plan", new PlanRequest(null, null), ApiJson.Default.PlanRequest, ApiJson.Default.PlanView, stop);
        teller.Show(PlanVerb.TableOf(plan));
        teller.Line(PlanVerb.Summary(plan));
    }

    private async Task<IReadOnlyList<MoveView>> MoveAsync(CancellationToken stop)
    {
        teller.Chapter("Everyone's devices go on, through any region that may see their content, while the accounts move");
        foreach (var person in _uploads.Keys)
        {
            _journals.Add(person, new Journal());
        }

        await using var devices = Devices.Start(_journals, EndpointsOf, call.Time);
        await Task.Delay(Usual, call.Time, stop);
        teller.Line($"before: {devices.Requests / Usual.TotalSeconds:0} requests/s, {devices.Failures} errors");
        var applied = await _control.PostAsync(
            "apply", new PlanRequest(null, null), ApiJson.Default.PlanRequest, ApiJson.Default.ApplyView, stop);
        var people = _uploads.Keys.ToDictionary(person => person.Id);
        var moves = await new LiveView(teller, devices, people, call.Time).FollowAsync(_control, applied.Moves, stop);
        await Task.Delay(Usual, call.Time, stop);
        await devices.StopAsync();
        return moves;
    }

    // A node relays to the home where the policy lets content pass through it, and answers 307 elsewhere.
    private List<Uri> EndpointsOf(Person person)
        => [.. deployment.Config.Regions.Select(region => region.Facts.Name.Value)
            .Where(region => person.Leaves == (region != OldHome)).Select(deployment.EndpointOf)];

    private async Task<DemoDocument> CheckAsync(IReadOnlyList<MoveView> moves, CancellationToken stop)
    {
        teller.Chapter("Checked from outside");
        var everything = Together();
        var checks = new Checks(deployment, _control, everything);
        var traces = checks.Traces(stop);
        List<CheckLine> lines =
        [
            Moved(moves), await checks.PlacesAsync(stop), checks.Requests(), await checks.WritesAsync(stop),
            await checks.ReceiptsAsync(moves, stop), traces.Line,
        ];
        var verdict = Verdict(moves, lines, everything, traces.Left);
        Show(verdict);
        return verdict;
    }

    private static CheckLine Moved(IReadOnlyList<MoveView> moves)
    {
        var done = moves.Count(move => move.State == "done");
        var first = moves.FirstOrDefault(move => move.State != "done");
        return new CheckLine(
            "every planned move is done", done == moves.Count && done > 0,
            first is null ? $"{done} moves"
                : $"{done} of {moves.Count}; {first.Account} is {first.State}: {first.Reason ?? first.Trouble}");
    }

    // Uploads and devices write different keys, so the order between them says nothing.
    private Dictionary<Person, Journal> Together()
    {
        foreach (var (person, journal) in _journals)
        {
            foreach (var write in _uploads[person].Writes)
            {
                journal.Acknowledged(write);
            }
        }

        return _journals;
    }

    private DemoDocument Verdict(
        IReadOnlyList<MoveView> moves, IReadOnlyList<CheckLine> lines, Dictionary<Person, Journal> journals, int left)
    {
        var failed = lines.FirstOrDefault(line => !line.Passed);
        var byId = journals.ToDictionary(entry => entry.Key.Id, entry => entry.Value);
        var waits = moves.Where(move => move is { ActivatedAt: not null, PauseMs: not null }).Select(move => Pauses.Around(
            byId[move.Account].Answers, move.ActivatedAt!.Value - TimeSpan.FromMilliseconds(move.PauseMs!.Value),
            move.ActivatedAt.Value));
        return new DemoDocument(
            failed is null, failed is null ? null : $"{failed.What}: {failed.Detail}", journals.Count,
            moves.Count(move => move.State == "done"), journals.Values.Sum(journal => journal.Requests),
            journals.Values.Sum(journal => journal.Failures.Count), journals.Values.Sum(journal => journal.Writes.Count),
            Pauses.Of(moves.Where(move => move.PauseMs is not null).Select(move => move.PauseMs!.Value)),
            Pauses.Of(waits.Where(wait => wait is not null).Select(wait => wait!.Value)),
            Pauses.Of(journals.Values.SelectMany(journal => journal.Answers).Select(answer => answer.Took.TotalMilliseconds)),
            moves.Count(move => move.LedgerIndex is not null), left, call.Time.GetElapsedTime(_begun).TotalSeconds,
            deployment.Directory, deployment.Console.AbsoluteUri, lines);
    }

    private void Show(DemoDocument verdict)
    {
        var checks = Tables.New("check", "", "what was looked at");
        verdict.Checks.ToList().ForEach(line => checks.Row(line.What, line.Passed ? "ok" : "FAILED", line.Detail));
        teller.Show(checks);
        foreach (var failure in _journals.Values.SelectMany(journal => journal.Failures).Take(5))
        {
            teller.Line(failure);
        }

        var pauses = Tables.New("pause", "p50", "p99", "max", "of");
        Row("seal to new home, as the moves say", verdict.PauseMs, "moves");
        Row("longest answer around a cut-over, as devices saw it", verdict.DeviceWaitMs, "accounts");
        Row("any answer, all the time", verdict.UsualMs, "requests");
        teller.Show(pauses.Right(1, 2, 3, 4));
        teller.Line($"{verdict.Moved} accounts moved in {Durations.FormatSeconds(verdict.Seconds)}, start and checks included");

        void Row(string name, Pauses values, string what)
            => pauses.Row(
                name, Durations.FormatMs(values.P50), Durations.FormatMs(values.P99), Durations.FormatMs(values.Max),
                $"{Sizes.Count(values.Count)} {what}");
    }
}
