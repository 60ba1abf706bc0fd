using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Policies;
using Domicile.Proofs;
using Domicile.Proofs.Receipts;
using Domicile.Proofs.Statements;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;
using Domicile.Storage;
using Move = Domicile.Moves.Move;

namespace Domicile.Simulation.Checks;

/// <summary>
/// Knows what no process knows: every region's rows at once. Looks after each commit, and says by name what must not be.
/// </summary>
internal sealed class Ghost(Deployment deployment)
{
    private readonly Dictionary<(AccountId, RegionName), Seen> _seen = [];
    private readonly Dictionary<(AccountId Account, long Epoch), RegionName> _homes = [];
    private readonly Dictionary<(AccountId Account, long Epoch), Activation> _activations = [];
    private readonly Dictionary<AccountId, long> _seqs = [];
    private readonly Dictionary<(AccountId, RegionName), long> _sealedAt = [];
    private readonly Dictionary<string, (bool IsApplied, RegionName By)> _attempts = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, long> _permitted = [];
    private readonly HashSet<(AccountId, RegionName, long Epoch)> _erased = [];

    public int Activations => _activations.Count;

    public int Receipts { get; private set; }

    public int HandOvers { get; private set; }

    /// <summary>Some work of a region has ended: a commit, as a rule.</summary>
    public void Look(RegionMachine machine)
    {
        if (machine.Node is not { } node)
        {
            return;
        }

        foreach (var account in deployment.Accounts)
        {
            if (Find(machine, node, account.Id) is { Row: { } row } store)
            {
                var key = (account.Id, machine.Region);
                var before = _seen.GetValueOrDefault(key);
                var hasKey = store.Ring is not null;
                if (!ReferenceEquals(before?.Row, row) || before.HasKey != hasKey)
                {
                    var now = new Seen(row, hasKey);
                    _seen[key] = now;
                    Check(machine, store, before, now);
                }
            }
        }
    }

    // What has rotted can't be looked at, and must not be served.
    private static AccountStore? Find(RegionMachine machine, RegionNode node, AccountId account)
    {
        try
        {
            return node.Region.Storage.Find(account);
        }
        catch (StorageUnreadableException) when (machine.Rot?.Account == account)
        {
            return null;
        }
    }

    /// <param name="wentBack">Accounts that have lost their last commits.</param>
    public void Crashed(RegionMachine machine, IEnumerable<AccountId> wentBack)
    {
        foreach (var account in wentBack)
        {
            _seen.Remove((account, machine.Region));
        }

        deployment.World.Trace.Say(
            $"   {machine.Name} lost {machine.Disk.LostFiles} unflushed files and {machine.Disk.LostCommits} commits so far");
    }

    public Seen? SeenAt(AccountId account, RegionName region) => _seen.GetValueOrDefault((account, region));

    /// <summary>Control is about to ask a target to become the home, by this policy.</summary>
    public void PermittedActivation(Guid move, long policyRevision)
        => _permitted[move] = Math.Min(policyRevision, _permitted.GetValueOrDefault(move, long.MaxValue));

    public void HandedOver(RegionMachine at, HandOver handOver, HandOverAnswer answer)
    {
        deployment.World.Trace.Say($"   {at.Name} says {answer.GetType().Name} to a hand-over");
        var known = _attempts.TryGetValue(handOver.Attempt, out var before);
        switch (answer)
        {
            case HandOverAnswer.Applied when known && !before.IsApplied:
                throw new ViolationException(Invariants.NoResurrection, "a hand-over was applied after it was said that it never would be");
            case HandOverAnswer.Applied when known && before.By != at.Region:
                throw new ViolationException(Invariants.NoResurrection, $"a hand-over was applied at {before.By} and at {at.Name}");
            case HandOverAnswer.Applied:
                HandOvers += known ? 0 : 1;
                _attempts[handOver.Attempt] = (true, at.Region);
                break;
            case HandOverAnswer.Never when !known:
                _attempts[handOver.Attempt] = (false, at.Region);
                break;
        }
    }

    public void ReceiptWritten(Move move)
    {
        var departure = Read<MoveDeparture>(move.Departure, deployment.Region(move.Source));
        var arrival = Read<MoveArrival>(move.Arrival, deployment.Region(move.Target));
        var erasure = Read<Erasure>(move.Erasure, deployment.Region(move.Source));
        if (!_activations.TryGetValue((move.Account, move.Epoch + 1), out var real) || real.By != move.Target)
        {
            throw Lies(move, "it never happened");
        }

        var sameSeq = departure.FinalSeq == real.Seq && arrival.FinalSeq == real.Seq && move.FinalSeq == real.Seq;
        var digest = RegionContext.Sha256Hex(real.Digest.Span);
        if (!sameSeq || departure.SetDigest != digest || arrival.SetDigest != digest)
        {
            throw Lies(move, $"seqs {departure.FinalSeq}, {arrival.FinalSeq}, really {real.Seq}; or digests");
        }

        if (departure.Objects != real.Versions || arrival.Objects != real.Versions)
        {
            throw Lies(move, $"{departure.Objects} and {arrival.Objects} objects, really {real.Versions}");
        }

        if (!_erased.Contains((move.Account, move.Source, move.Epoch)) || erasure.Epoch != move.Epoch)
        {
            throw Lies(move, "the source has not erased");
        }

        // As whoever verifies the receipt compares them.
        DateTimeOffset[] times =
        [
            move.RequestedAt, departure.SealedAt, departure.DepartedAt, arrival.ActivatedAt, erasure.KeyDestroyedAt, erasure.ErasedAt,
        ];
        if (times.Zip(times.Skip(1), (one, next) => one - next).Any(back => back > ReceiptVerification.ClockDisagreementMax))
        {
            throw Lies(move, $"times that can't be: {string.Join(", ", times)}");
        }

        Receipts++;
    }

    public void AccountErased(AccountId account, long epoch, byte[] statement)
    {
        var home = _homes[(account, epoch)];
        var said = Read<Erasure>(statement, deployment.Region(home));
        if (said.Epoch != epoch || !_erased.Contains((account, home, epoch)))
        {
            throw new ViolationException(Invariants.ReceiptTruthful, $"{home} says that it erased {deployment.NameOf(account)}, and has not");
        }
    }

    private static T Read<T>(byte[]? bytes, RegionMachine signer)
        where T : Predicate
        => DsseEnvelope.TryParse(bytes, out var envelope, out _) && envelope.IsSignedBy(signer.SigningKey)
            && envelope.TryReadStatement(out var statement, out _) && statement.Predicate is T said
                ? said
                : throw new ViolationException(Invariants.ReceiptTruthful, $"no {typeof(T).Name} signed by {signer.Name}");

    private ViolationException Lies(Move move, string what)
        => new(Invariants.ReceiptTruthful, $"the receipt of {deployment.NameOf(move.Id)}: {what}");

    /// <summary>How long writes of the account have been waiting at a region.</summary>
    public TimeSpan SealedFor(AccountId account, RegionName region)
        => _sealedAt.TryGetValue((account, region), out var since) ? new TimeSpan(deployment.World.Now - since) : TimeSpan.Zero;

    private void Check(RegionMachine machine, AccountStore store, Seen? before, Seen now)
    {
        var row = now.Row;
        if (row.State is not (AccountState.Sealed or AccountState.Departing))
        {
            _sealedAt.Remove((row.Account, machine.Region));
        }
        else
        {
            _sealedAt.TryAdd((row.Account, machine.Region), deployment.World.Now);
        }

        if (before is null || before.Row.State != row.State || before.HasKey != now.HasKey || before.Row.HasData != row.HasData)
        {
            deployment.World.Trace.Say(
                $"   {machine.Name} has {deployment.NameOf(row.Account)}: {row.State}, epoch {row.Epoch}, seq {row.Seq}{(now.HasKey ? "" : ", no key")}{(row.HasData ? "" : ", no data")}");
        }

        CheckErasure(machine, store, before, now);
        if (row.State is AccountState.Active or AccountState.Sealed or AccountState.Departing)
        {
            CheckHome(machine, row);
        }

        // The commit that seals may bring the last writes of its group with it.
        if (row.State == AccountState.Active
            || (row.State == AccountState.Sealed && before?.Row is { State: AccountState.Active } active && active.Epoch == row.Epoch))
        {
            CheckActive(machine, store, before?.Row, row);
        }
    }

    private void CheckHome(RegionMachine machine, AccountRow row)
    {
        if (_homes.TryGetValue((row.Account, row.Epoch), out var home) && home != machine.Region)
        {
            throw new ViolationException(
                Invariants.SingleWriter, $"{home} and {machine.Name} are both the home of {deployment.NameOf(row.Account)} in epoch {row.Epoch}");
        }

        _homes[(row.Account, row.Epoch)] = machine.Region;
        if (row.State == AccountState.Departing)
        {
            return;
        }

        foreach (var other in deployment.Regions.Where(other => other != machine))
        {
            if (SeenAt(row.Account, other.Region)?.Row is { State: AccountState.Active or AccountState.Sealed } theirs)
            {
                throw new ViolationException(
                    theirs.State == AccountState.Active && row.State == AccountState.Active ? Invariants.SingleWriter : Invariants.NoEarlyServe,
                    $"{machine.Name} ({row.State}, epoch {row.Epoch}) and {other.Name} ({theirs.State}, epoch {theirs.Epoch}) both serve");
            }
        }
    }

    private void CheckActive(RegionMachine machine, AccountStore store, AccountRow? before, AccountRow row)
    {
        var last = _seqs.GetValueOrDefault(row.Account);
        var isActivation = before is not { State: AccountState.Active or AccountState.Sealed or AccountState.Departing }
            && row.Epoch > 1;
        if (row.Seq < last || (isActivation && row.Seq != last))
        {
            throw new ViolationException(
                Invariants.NoLostWrite, $"{machine.Name} is at seq {row.Seq} of {deployment.NameOf(row.Account)}, writes up to {last} were made");
        }

        _seqs[row.Account] = row.Seq;
        if (isActivation && !_activations.ContainsKey((row.Account, row.Epoch)))
        {
            CheckActivation(machine, store, row);
        }
    }

    private void CheckActivation(RegionMachine machine, AccountStore store, AccountRow row)
    {
        var source = deployment.Region(_homes[(row.Account, row.Epoch - 1)]);
        var (theirs, ours) = (DumpOf(source, row.Account), store.Read(sql => Dump.Of(sql, row.Account)));
        if (!theirs.IsSameAs(ours))
        {
            var (lost, extra) = (theirs.Without(ours).ToList(), ours.Without(theirs).ToList());
            throw new ViolationException(
                lost.Count > 0 ? Invariants.NoLostWrite : Invariants.NoResurrection,
                $"{machine.Name} became the home without\n    {string.Join("\n    ", lost)}\n  and with\n    {string.Join("\n    ", extra)}");
        }

        foreach (var (id, _) in ours.Files)
        {
            if (!machine.Disk.IsDurable(store.Contents.PathOf(id)))
            {
                throw new ViolationException(Invariants.NoLostWrite, $"{machine.Name} became the home without the file of content {id}");
            }
        }

        CheckPolicy(machine, store, row);
        _activations[(row.Account, row.Epoch)] = new Activation(machine.Region, row.Seq, row.Digest, ours.Versions);
    }

    private void CheckPolicy(RegionMachine machine, AccountStore store, AccountRow row)
    {
        var region = machine.Node!.Region;
        var categories = store.Read(sql => AccountCategories.Of(sql, row.Account));
        if (region.Permits(row.Profile, categories, machine.Region) is Permission.Refused(var reason))
        {
            throw new ViolationException(Invariants.PolicyRespected, $"{machine.Name} became the home although: {reason}");
        }

        var record = store.Read(sql => RegionMoveRecord.FindLastArrival(sql, row.Account));
        if (record is null || !_permitted.TryGetValue(record.Move, out var permitted) || region.Directory.PolicyRevision < permitted)
        {
            throw new ViolationException(
                Invariants.PolicyRespected, $"{machine.Name} became the home by policy {region.Directory.PolicyRevision}, control asked a newer one");
        }
    }

    private void CheckErasure(RegionMachine machine, AccountStore store, Seen? before, Seen now)
    {
        var row = now.Row;
        if (before is { HasKey: true } && !now.HasKey && _homes.GetValueOrDefault((row.Account, row.Epoch)) == machine.Region
            && !_activations.ContainsKey((row.Account, row.Epoch + 1))
            && deployment.Register.Find(row.Account).Standing == Register.Standing.Active)
        {
            throw new ViolationException(
                Invariants.EraseAfterCommit,
                $"{machine.Name} destroyed the key of {deployment.NameOf(row.Account)}, epoch {row.Epoch}, and nobody has the account");
        }

        if (before is { Row.HasData: true } && !row.HasData)
        {
            var left = store.Read(sql => Dump.Of(sql, row.Account)).Count + machine.Disk.AllFilesUnder(store.Directory).Count();
            if (left > 0 || now.HasKey)
            {
                throw new ViolationException(
                    Invariants.EraseComplete, $"{machine.Name} says that nothing of {deployment.NameOf(row.Account)} is left; {left} rows and files are");
            }

            _erased.Add((row.Account, machine.Region, row.Epoch));
        }
    }

    /// <summary>What a region's disk has, whether the region runs or not.</summary>
    public static Dump DumpOf(RegionMachine machine, AccountId account)
    {
        if (machine.Node is { } node)
        {
            return node.Region.Storage.Open(account).Read(sql => Dump.Of(sql, account));
        }

        var sql = SqliteEngine.OpenReader(
            Path.Combine(machine.Directory, "accounts", account.Value[..2], account.Value, "account.db"));
        try
        {
            return Dump.Of(sql, account);
        }
        finally
        {
            SqliteEngine.Close(sql);
        }
    }

    /// <summary>ETags of all versions of an account's versioned and other buckets, but those of copies.</summary>
    public static IReadOnlyList<string> VersionsOf(RegionMachine machine, AccountId account)
        => machine.Up.Region.Storage.Open(account).Read(sql => sql.List(
            "SELECT etag FROM version WHERE account = @p1 AND marker = 0 AND name NOT LIKE 'copy-of-%'", row => row.GetString(0),
            account.Value));

    internal sealed record Seen(AccountRow Row, bool HasKey);

    private sealed record Activation(RegionName By, long Seq, ReadOnlyMemory<byte> Digest, int Versions);
}
