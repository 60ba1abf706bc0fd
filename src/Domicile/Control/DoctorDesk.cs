using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Domicile.Accounts;
using Domicile.Deployments;
using Domicile.Moves;
using Domicile.Policies;

namespace Domicile.Control;

/// <summary>Looks for what is wrong or will be, in control and in every region, and says what to do about it.</summary>
internal sealed class DoctorDesk(ControlParts parts)
{
    private const string Ok = "ok";
    private const string Warning = "warning";
    private const string Error = "error";
    private const string Place = "control";

    public async Task<DoctorView> ExamineAsync(CancellationToken cancellationToken)
    {
        var regions = await Task.WhenAll(parts.Config.Regions.Select(
            region => GuardedAsync(region.Facts.Name.Value, () => ExamineAsync(region, cancellationToken))));
        return new DoctorView(
        [
            .. await GuardedAsync(Place, () => ExamineStoreAsync(cancellationToken)),
            .. await GuardedAsync(Place, () => Listed(ExaminePolicy())), .. await GuardedAsync(Place, () => Listed(ExamineAccounts())),
            .. await GuardedAsync(Place, () => Listed(ExamineMoves())), .. await GuardedAsync(Place, () => Listed(ExamineRegions())),
            .. regions.SelectMany(found => found),
        ]);
    }

    private static Task<IReadOnlyList<DoctorFinding>> Listed(IEnumerable<DoctorFinding> findings)
        => Task.FromResult<IReadOnlyList<DoctorFinding>>([.. findings]);

    // One thing that can't be examined is a finding, and no reason to say nothing of the others.
    [SuppressMessage("Design", "CA1031", Justification = "What is damaged may break any rule; the look at the rest goes on.")]
    private static async Task<IReadOnlyList<DoctorFinding>> GuardedAsync(
        string place, Func<Task<IReadOnlyList<DoctorFinding>>> examine)
    {
        try
        {
            return await examine();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return
            [
                new DoctorFinding(
                    place, Error, $"something could not be examined: {PeerText.Clean(e.Message)}",
                    $"look into {place}'s log, and check its disk"),
            ];
        }
    }

    private async Task<IReadOnlyList<DoctorFinding>> ExamineStoreAsync(CancellationToken cancellationToken)
    {
        var damage = parts.Database.CheckIntegrity();
        var broken = await parts.Ledger.CheckAsync(cancellationToken);
        return
        [
            damage is null
                ? Good("the database is whole")
                : new DoctorFinding(
                    Place, Error, $"the database is damaged: {damage}", "stop control and restore control.db from a backup"),
            broken is null
                ? Good(string.Create(CultureInfo.InvariantCulture, $"the ledger's {parts.Ledger.Size} entries are as signed"))
                : new DoctorFinding(
                    Place, Error, broken, "stop control, keep its directory as it is, and restore a backup elsewhere"),
            FreeSpace(Place, parts.Database.FreeBytes), .. FreeFiles(parts.Database.Room.FreeFiles),
        ];
    }

    private IEnumerable<DoctorFinding> ExaminePolicy()
    {
        var policy = parts.Policies.Current.Policy;
        yield return Good($"policy {policy.Revision} is in force");
        foreach (var finding in PolicyCheck.Run(policy, parts.Config.Facts).Where(found => found.Kind == FindingKind.Warning))
        {
            yield return new DoctorFinding(
                Place, Warning, $"{PolicyBook.FileName}:{finding.Line}: {finding.Message}", "change the policy and apply it");
        }
    }

    private IEnumerable<DoctorFinding> ExamineAccounts()
    {
        var accounts = parts.Directory.List();
        foreach (var left in accounts.Where(account => account.State != ControlAccountState.Active))
        {
            yield return new DoctorFinding(
                Place, Warning, $"account {left.Id} is half-way: {left.State}",
                $"control goes on by itself as soon as region {left.Home} answers");
        }

        foreach (var stray in accounts.Where(account => account.Home is { } home && parts.Config.Find(home) is null)
            .GroupBy(account => account.Home!.Value))
        {
            yield return new DoctorFinding(
                Place, Error,
                string.Create(
                    CultureInfo.InvariantCulture, $"accounts at home in {stray.Key}: {stray.Count()}, such as {stray.First().Id}; ")
                + "it is no region of the configuration, and their clients are answered 503",
                $"A region keeps its name: its directory, certificates and accounts go by it. If {stray.Key} was renamed, give it "
                + $"its old name back in the configuration and restart control and the regions. If it was taken out, put it back and "
                + $"'domicile reload'; 'domicile region drain {stray.Key}' moves its accounts away, then take it out.");
        }

        var misplaced = accounts.Where(account => account.State == ControlAccountState.Active && !IsInPlace(account)).ToArray();
        yield return misplaced.Length == 0
            ? Good(string.Create(CultureInfo.InvariantCulture, $"{accounts.Count} accounts, all in place"))
            : new DoctorFinding(
                Place, Warning,
                string.Create(CultureInfo.InvariantCulture, $"{misplaced.Length} of {accounts.Count} accounts are out of place"),
                "'domicile plan' shows them, 'domicile apply' moves them");
    }

    private bool IsInPlace(ControlAccount account)
        => parts.Policies.Current.Policy.Place(account.Profile, account.Categories, parts.Placeable, account.Home)
            is Placement.Permitted { InPlace: true };

    private IEnumerable<DoctorFinding> ExamineRegions()
    {
        if (ReloadDesk.FindDifference(parts.Files, parts.Deployment.Current) is { } difference)
        {
            yield return new DoctorFinding(Place, Warning, difference, "'domicile reload' takes it, or says what is wrong with it");
        }

        var counts = parts.Directory.CountByHome();
        foreach (var name in parts.Config.Facts.Select(facts => facts.Name).Where(parts.Draining.Contains))
        {
            var left = counts.GetValueOrDefault(name.Value);
            yield return left == 0
                ? new DoctorFinding(
                    Place, Warning, $"region {name} is drained: no account is at home there",
                    $"take it out of domicile.yaml and 'domicile reload', or 'domicile region undrain {name}'")
                : new DoctorFinding(
                    Place, Warning,
                    string.Create(CultureInfo.InvariantCulture, $"region {name} is being drained; accounts still at home there: {left}"),
                    $"'domicile region drain {name}' goes on with them, and says which can't leave");
        }
    }

    private IEnumerable<DoctorFinding> ExamineMoves()
    {
        var now = parts.Time.GetUtcNow();
        foreach (var move in parts.Moves.List(ControlLimits.MovesListed))
        {
            var waitsForErasure = move.State == MoveState.Erasing && now < move.ActivatedAt + move.EraseAfter;
            if (!move.IsOver && !waitsForErasure && now - move.RequestedAt > ControlLimits.MoveOpenMax)
            {
                yield return new DoctorFinding(
                    Place, Warning,
                    $"move {move.Id} has been {MoveViews.StateName(move.State)} for long: "
                    + (parts.Moves.Trouble(move.Id) ?? move.Reason ?? "no reason is known"),
                    $"see that {move.Source} and {move.Target} run; until it has activated it can be aborted");
            }
            else if (move.State == MoveState.Unproven)
            {
                yield return new DoctorFinding(
                    Place, Warning, $"move {move.Id} of account {move.Account} is done, but has no receipt: {move.Reason}",
                    $"mend what it says; 'domicile receipt {move.Id}' makes the receipt if it can be made then");
            }
            else if (move.State == MoveState.Failed
                && move.Reason?.EndsWith(MoveReasons.Cleared, StringComparison.Ordinal) != true)
            {
                yield return new DoctorFinding(
                    Place, Warning, $"move {move.Id} of account {move.Account} failed: {move.Reason}", AfterFailure(move));
            }
        }
    }

    private static string AfterFailure(Move move)
    {
        var look = MoveReasons.IsDamaged(move.Reason)
            ? $"'domicile verify --account {move.Account} --deep' names every damaged content; check {move.Source}'s disk, and restore "
                + "the account from a backup, or have its user delete or replace those objects"
            : move.Reason == MoveReasons.RowsChanged
                ? $"find out what has written into {move.Target}'s data directory, and keep it out"
                : $"'domicile verify --account {move.Account} --deep' checks what {move.Source} has; keep both regions' logs";
        return $"the account stayed in {move.Source} and is served; {look}; then 'domicile moves abort {move.Id}' clears what "
            + $"{move.Target} has kept, and the account may move again";
    }

    private async Task<IReadOnlyList<DoctorFinding>> ExamineAsync(RegionConfig region, CancellationToken cancellationToken)
    {
        var name = region.Facts.Name;
        var before = parts.Time.GetUtcNow();
        var asked = await parts.Regions.AskAsync(
            name, (peer, limited) => peer.StatusAsync(limited), cancellationToken, ControlLimits.StatusPatience);
        var after = parts.Time.GetUtcNow();
        if (!asked.Is(out var status, out var refusal))
        {
            return [new DoctorFinding(name.Value, Error, refusal.Error, refusal.Next ?? "")];
        }

        var examined = await parts.Regions.AskAsync(
            name, (peer, limited) => peer.ExamineAsync(limited), cancellationToken, ControlLimits.LongAnswerPatience);
        IEnumerable<DoctorFinding> own = examined.Is(out var findings, out refusal)
            ? findings : [new DoctorFinding(name.Value, Error, refusal.Error, refusal.Next ?? "")];
        return
        [
            ExamineClock(name, status, before, after), ExamineProtocol(name, status), .. ExamineReplica(name, status),
            await ExamineKeyAsync(name, status, cancellationToken),
            FreeSpace(name.Value, status.FreeBytes), .. own,
        ];
    }

    // The region read its clock at some time between the two: what lies outside of that is its clock's difference.
    private static DoctorFinding ExamineClock(
        RegionName name, RegionStatus status, DateTimeOffset before, DateTimeOffset after)
    {
        var off = Clocks.Ahead(status.Now, before, after).Duration();
        return off > MoveLimits.ClockDifferenceMax
            ? new DoctorFinding(
                name.Value, Error,
                string.Create(CultureInfo.InvariantCulture, $"its clock and control's differ by {off.TotalSeconds:0} s: moves wait"),
                "set both by NTP, then moves go on by themselves")
            : off > ControlLimits.ClockDifferenceMax
            ? new DoctorFinding(
                name.Value, Warning,
                string.Create(CultureInfo.InvariantCulture, $"its clock and control's differ by {off.TotalSeconds:0} s"),
                "set both by NTP: signatures of S3 requests depend on it, and moves wait from two minutes on")
            : new DoctorFinding(name.Value, Ok, "its clock agrees with control's", "");
    }

    private static DoctorFinding ExamineProtocol(RegionName name, RegionStatus status)
    {
        var theirs = status.Protocol ?? PeerProtocol.Unsaid;
        var words = $"it speaks protocol {theirs}, control speaks {PeerProtocol.Own}";
        return theirs.Newest == PeerProtocol.Own.Newest ? new DoctorFinding(name.Value, Ok, words, "")
            : new DoctorFinding(
                name.Value, Warning, words,
                $"they work together; end the upgrade: start {(theirs.Newest < PeerProtocol.Own.Newest ? name.Value : "control")} "
                + "by the newer program");
    }

    private IEnumerable<DoctorFinding> ExamineReplica(RegionName name, RegionStatus status)
    {
        var (version, revision) = (parts.Directory.LastVersion, parts.Policies.Current.Policy.Revision);
        if (status.DirectoryVersion > version || status.PolicyRevision > revision)
        {
            yield return new DoctorFinding(
                name.Value, Error, "it knows a newer directory or policy than control: control's database is an old one",
                "stop control and restore its newest database");
        }
        else if (status.DirectoryVersion < version || status.PolicyRevision < revision)
        {
            yield return new DoctorFinding(
                name.Value, Warning, "its directory or policy is behind control's", "control brings it up to date within seconds");
        }
    }

    private async Task<DoctorFinding> ExamineKeyAsync(
        RegionName name, RegionStatus status, CancellationToken cancellationToken)
        => (await parts.Keys.CheckAsync(name, status, cancellationToken)).Is(out _, out var refusal)
            ? new DoctorFinding(name.Value, Ok, "it signs with the key that it was enrolled with", "")
            : new DoctorFinding(name.Value, Error, refusal.Error, refusal.Next ?? "");

    private static DoctorFinding FreeSpace(string place, long freeBytes)
        => freeBytes == long.MaxValue
            ? new DoctorFinding(
                place, Warning, "its file system doesn't say how much room it has",
                "watch its disk by other means, or use another file system")
            : freeBytes < ControlLimits.FreeBytesWarning
            ? new DoctorFinding(
                place, Warning, string.Create(CultureInfo.InvariantCulture, $"{freeBytes >> 20} MiB are free"), "make room on its disk")
            : new DoctorFinding(place, Ok, string.Create(CultureInfo.InvariantCulture, $"{freeBytes >> 30} GiB are free"), "");

    private static IEnumerable<DoctorFinding> FreeFiles(long? files)
        => files is { } left and < MoveLimits.FreeFilesWarning
            ?
            [
                new DoctorFinding(
                    Place, Warning, string.Create(CultureInfo.InvariantCulture, $"{left} further files (inodes) can be made on its disk"),
                    "delete files that don't belong there, or make a file system with more inodes"),
            ]
            : [];

    private static DoctorFinding Good(string finding) => new(Place, Ok, finding, "");
}
