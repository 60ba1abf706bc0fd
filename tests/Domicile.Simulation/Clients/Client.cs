using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Objects;
using Domicile.Simulation.Checks;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;

namespace Domicile.Simulation.Clients;

/// <summary>
/// A client of one account: asks one thing after the other, at any node, and writes into the history what it asked and heard.
/// </summary>
internal sealed class Client : IParty
{
    private const int RedirectsMax = 4;

    private readonly Deployment _deployment;
    private readonly AccountProfile _account;
    private readonly Dice _dice;
    private RegionMachine _entry;
    private long _calls;

    public Client(Deployment deployment, AccountProfile account, int number, string name, Keys keys)
    {
        _deployment = deployment;
        _account = account;
        Number = number;
        Name = name;
        Keys = keys;
        _dice = deployment.World.Dice.Fork();
        Life = new Life(deployment.World, number, name);
        _entry = _dice.Pick(deployment.Regions);
    }

    public int Number { get; }

    public string Name { get; }

    public Life Life { get; }

    public Keys Keys { get; }

    /// <summary>It has asked all that it wanted.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The account is being erased: nothing need be found any more.</summary>
    private bool IsErased => _deployment.Register.Find(_account.Id).Standing != Register.Standing.Active;

    private History History => _deployment.History;

    public void Begin(Func<Client, Task> work)
        => Life.Begin(async () =>
        {
            await work(this);
            IsDone = true;
        });

    /// <summary>Writes, reads and deletes on a few keys.</summary>
    public async Task WorkAsync(int operations, string bucket, IReadOnlyList<string> keys, int pauseMsMax)
    {
        for (var i = 0; i < operations; i++)
        {
            var key = _dice.Pick(keys);
            switch (_dice.Below(10))
            {
                case < 4:
                    await PutAsync(bucket, key, _dice.Hits(0.15));
                    break;
                case < 5:
                    await DeleteAsync(bucket, key);
                    break;
                case < 6:
                    await ListAsync(bucket);
                    break;
                case < 7:
                    await SendAsync(new Request.Copy(_account.Id, Keys.Current, bucket, key, $"copy-of-{key}"));
                    break;
                default:
                    await GetAsync(bucket, key, _dice.Hits(0.2) ? _dice.Below(3000) : 0);
                    break;
            }

            await PauseAsync(pauseMsMax);
        }
    }

    public async Task UploadAsync(int uploads, string bucket, int pauseMsMax)
    {
        for (var i = 0; i < uploads; i++)
        {
            var key = $"upload-{Number}-{i}";
            var id = Base32.Encode(_dice.Bytes(20));
            if (!await AskUntilWrittenAsync(new Request.BeginUpload(_account.Id, Keys.Current, bucket, key, id)))
            {
                return;
            }

            await PauseAsync(pauseMsMax);
            var value = History.DrawValue();
            var length = DrawLength();
            if (!await AskUntilWrittenAsync(new Request.PutPart(_account.Id, Keys.Current, bucket, key, id, 1, value, length, DrawStall())))
            {
                return;
            }

            await PauseAsync(pauseMsMax * 4);
            await CompleteAsync(bucket, key, id, value);
        }
    }

    public async Task<bool> PutAsync(string bucket, string key, bool onlyIfAbsent = false)
    {
        var value = History.DrawValue();
        var kind = onlyIfAbsent ? OperationKind.PutIfAbsent : OperationKind.Put;
        var operation = History.Begin(_account.Id, bucket, key, Name, kind, value);
        var signer = Keys.Current;
        var reply = await SendAsync(new Request.Put(_account.Id, signer, bucket, key, value, DrawLength(), DrawStall(), onlyIfAbsent));
        return Note(operation, reply, signer);
    }

    public async Task<bool> DeleteAsync(string bucket, string key)
    {
        var operation = History.Begin(_account.Id, bucket, key, Name, OperationKind.Delete, 0);
        var signer = Keys.Current;
        return Note(operation, await SendAsync(new Request.Delete(_account.Id, signer, bucket, key)), signer);
    }

    public async Task<bool> GetAsync(string bucket, string key, int stallMs)
    {
        var operation = History.Begin(_account.Id, bucket, key, Name, OperationKind.Read, 0);
        if (await SendAsync(new Request.Get(_account.Id, Keys.Current, bucket, key, stallMs)) is Reply.Found(var value))
        {
            History.End(operation, value);
            return true;
        }

        History.Forget(operation);
        return false;
    }

    /// <summary>A listing reads every key that anyone has ever asked for.</summary>
    public async Task<bool> ListAsync(string bucket)
    {
        var reads = History.Keys.Where(one => one.Account == _account.Id && one.Bucket == bucket).ToList()
            .Select(one => (one.Key, Operation: History.Begin(_account.Id, bucket, one.Key, Name, OperationKind.Read, 0))).ToList();
        var reply = await SendAsync(new Request.List(_account.Id, Keys.Current, bucket));
        foreach (var (key, operation) in reads)
        {
            if (reply is Reply.Listed(var values))
            {
                History.End(operation, values.FirstOrDefault(one => one.Key == key).Value);
            }
            else
            {
                History.Forget(operation);
            }
        }

        return reply is Reply.Listed;
    }

    public async Task<Reply> SendAsync(Request request)
    {
        _entry = _dice.Hits(0.3) ? _dice.Pick(_deployment.Regions) : _entry;
        var at = _entry;
        var call = SignedCall.Sign(request, ++_calls);
        for (var i = 0; i < RedirectsMax; i++)
        {
            var region = at;
            Reply reply;
            try
            {
                reply = await _deployment.Network.CallAsync(
                    Life, this, region, $"{request.GetType().Name} for {_deployment.NameOf(_account.Id)}",
                    token => new S3Desk(_deployment, region, region.Life!).HandleAsync(call, 0, token), default, mayRepeat: false);
            }
            catch (RegionUnreachableException)
            {
                reply = new Reply.Silence();
            }

            if (reply is not Reply.Elsewhere elsewhere)
            {
                _deployment.World.Trace.Say($"   {Name} hears {Shown(reply)} to {Shown(request)}");
                return reply;
            }

            at = _deployment.Region(elsewhere.Home);
        }

        return new Reply.Silence();
    }

    public Task PauseAsync(int msMax) => Task.Delay(TimeSpan.FromMilliseconds(1 + _dice.Below(msMax)), Life.Time);

    private static string Shown(Request request)
        => request switch
        {
            Request.Put put => $"put {put.Key} {put.Value}",
            Request.Get get => $"get {get.Key}",
            Request.Delete delete => $"delete {delete.Key}",
            _ => request.GetType().Name,
        };

    private static string Shown(Reply reply)
        => reply switch
        {
            Reply.Written { Result: CommandResult.Refused refused } => refused.Code,
            Reply.Written => "done",
            Reply.Found(var value) => $"{value}",
            _ => reply.GetType().Name,
        };

    private async Task CompleteAsync(string bucket, string key, string id, long value)
    {
        var operation = History.Begin(_account.Id, bucket, key, Name, OperationKind.Put, value);
        var signer = Keys.Current;
        var reply = await SendAsync(
            new Request.Complete(_account.Id, signer, bucket, key, id, [Contents.ETagOf(value)]));
        if (reply is Reply.Written { Result: CommandResult.Refused { Code: "NoSuchUpload" or "InvalidPart" } lost } && !IsErased)
        {
            throw new ViolationException(Invariants.NoLostWrite, $"{lost.Code}: upload {key} of {Name} was begun and filled, and is not there");
        }

        Note(operation, reply, signer);
    }

    private async Task<bool> AskUntilWrittenAsync(Request request)
    {
        for (var i = 0; i < 20; i++)
        {
            var signed = request with { AccessKey = Keys.Current };
            switch (await SendAsync(signed))
            {
                case Reply.Written { Result: not CommandResult.Refused }:
                    return true;
                case Reply.Written { Result: CommandResult.Refused { Code: "NoSuchUpload" or "NoSuchBucket" } refused } when !IsErased:
                    throw new ViolationException(Invariants.NoLostWrite, $"{refused.Code} to {request}");
                case Reply.Denied when !IsErased && Keys.IsSteady && Keys.Current == signed.AccessKey:
                    throw new ViolationException(Invariants.NoLostWrite, $"the access key of {Name} is not known any more");
            }

            await PauseAsync(1500);
        }

        return false;
    }

    private bool Note(Operation operation, Reply reply, string key)
    {
        switch (reply)
        {
            case Reply.Written { Result: CommandResult.Refused refused }:
                if (refused.Code == "NoSuchBucket" && !IsErased)
                {
                    throw new ViolationException(Invariants.NoLostWrite, $"the bucket of {operation} is not there");
                }

                History.Refuse(
                    operation, operation.Kind == OperationKind.PutIfAbsent && refused.Code == "PreconditionFailed");
                return true;
            case Reply.Written:
                History.End(operation, operation.Value);
                return true;
            case Reply.Denied when !IsErased && Keys.IsSteady && Keys.Current == key:
                throw new ViolationException(Invariants.NoLostWrite, $"the access key of {Name} is not known any more");
            case Reply.Denied:
                History.Refuse(operation, foundPresent: false);
                return false;
            default:
                return false;
        }
    }

    private int DrawStall() => _dice.Below(10) switch { < 5 => 0, < 8 => _dice.Below(60), _ => _dice.Below(3000) };

    // Mostly short; some lie in files, a few in two frames.
    private int DrawLength() => _dice.Below(20) switch { < 14 => 20 + _dice.Below(100), < 19 => 33_000, _ => 70_000 };
}

/// <summary>The access keys of an account, as its clients know them.</summary>
internal sealed class Keys(string first)
{
    public string Current { get; set; } = first;

    /// <summary>No key is being added or revoked: the current one must be good.</summary>
    public bool IsSteady { get; set; } = true;
}
