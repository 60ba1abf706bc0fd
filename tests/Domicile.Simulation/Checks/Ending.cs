using System.Text;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Simulation.Clients;
using Domicile.Simulation.Engine;
using Domicile.Simulation.Machines;

namespace Domicile.Simulation.Checks;

/// <summary>When everything is mended and quiet: writes go on everywhere, every key reads as its history says, nothing is left.</summary>
internal sealed class Ending(Deployment deployment, Scenario scenario)
{
    private const int ContentsRead = 4;

    private static readonly TimeSpan ProbeMax = TimeSpan.FromSeconds(90);

    public void Check()
    {
        CheckMoves();
        foreach (var (account, i) in deployment.Accounts.Select((one, i) => (one, i)))
        {
            if (deployment.Register.Find(account.Id).Standing == Register.Standing.Active)
            {
                Probe(scenario.Clients[i * 4], account);
            }
        }

        deployment.History.Check();
        foreach (var account in deployment.Accounts)
        {
            CheckVersions(account);
            CheckErased(account);
            CheckKeys(account);
        }
    }

    private void CheckMoves()
    {
        foreach (var move in deployment.Register.OpenRecords().List(1000))
        {
            if (move.State == MoveState.Failed)
            {
                throw new ViolationException(Invariants.NoLostWrite, $"{deployment.NameOf(move.Id)} failed: {move.Reason}");
            }

            if (move.State == MoveState.Done != deployment.Register.Receipts.ContainsKey(move.Id))
            {
                throw new ViolationException(Invariants.ReceiptTruthful, $"{deployment.NameOf(move.Id)} is {move.State}");
            }
        }
    }

    private void Probe(Client client, AccountProfile account)
    {
        var isDone = false;
        client.Begin(async one =>
        {
            await UntilAsync(() => one.PutAsync("plain", "probe"), one);
            await UntilAsync(() => one.PutAsync("photos", "probe"), one);
            foreach (var key in deployment.History.Keys)
            {
                key.FinalFrom = Math.Min(key.FinalFrom, deployment.History.Now);
            }

            // A listing reads every key; some are read whole too.
            await UntilAsync(() => one.ListAsync("plain"), one);
            await UntilAsync(() => one.ListAsync("photos"), one);
            foreach (var key in deployment.History.Keys.Where(key => key.Account == account.Id).Take(ContentsRead).ToList())
            {
                await UntilAsync(() => one.GetAsync(key.Bucket, key.Key, 0), one);
            }

            isDone = true;
        });
        if (!deployment.World.RunUntil(() => isDone, ProbeMax, 40_000))
        {
            throw deployment.World.Fault
                ?? new ViolationException(Invariants.WritesResume, $"{deployment.NameOf(account.Id)} takes no write although all is mended");
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> ask, Client client)
    {
        while (!await ask())
        {
            await client.PauseAsync(500);
        }
    }

    // A versioned bucket has each answered put once, whatever came later; and none that was refused.
    private void CheckVersions(AccountProfile account)
    {
        if (deployment.Register.Find(account.Id) is not { Standing: Register.Standing.Active, Home: { } home })
        {
            return;
        }

        var etags = Ghost.VersionsOf(deployment.Region(home), account.Id);
        var counts = etags.Select(deployment.History.ValueOf).CountBy(value => value).ToDictionary();
        foreach (var key in deployment.History.Keys.Where(one => one.Account == account.Id))
        {
            foreach (var put in key.Operations.Where(one => one.Kind is OperationKind.Put or OperationKind.PutIfAbsent))
            {
                var found = counts.GetValueOrDefault(put.Value);
                if (key.Bucket == "photos" && put.IsAnswered && found < 1)
                {
                    throw new ViolationException(Invariants.NoLostWrite, $"{put} of {key.Key} has no version");
                }

                if (found > 1)
                {
                    throw new ViolationException(Invariants.NoResurrection, $"{put} of {key.Key} was made {found} times");
                }
            }
        }
    }

    private void CheckErased(AccountProfile account)
    {
        var home = deployment.Register.Find(account.Id).Home;
        foreach (var region in deployment.Regions.Where(one => one.Region != home))
        {
            if (region.Node!.Region.Storage.Find(account.Id) is not { } store)
            {
                continue;
            }

            var left = store.Read(sql => Dump.Of(sql, account.Id)).Count;
            var files = region.Disk.AllFilesUnder(store.Directory).Count();
            if (left + files > 0 || store.Ring is not null || HasMarkers(store.Directory))
            {
                throw new ViolationException(
                    Invariants.EraseComplete, $"{region.Name} still has {left} rows and {files} files of {deployment.NameOf(account.Id)}, or words in free pages");
            }
        }
    }

    // All is mended and nobody holds the copy: what came under the key of a former home has been encrypted again.
    private void CheckKeys(AccountProfile account)
    {
        if (deployment.Register.Find(account.Id).Home is { } home
            && deployment.Region(home).Node!.Region.Storage.Find(account.Id) is { Row: { Pulling: null }, HasFormerKeys: true } store)
        {
            throw new ViolationException(
                Invariants.EraseComplete, $"{home} has {store.Ring!.Keys.Length} keys of {deployment.NameOf(account.Id)} in the end");
        }
    }

    // Names of keys and buckets must not lie in free pages or in the log either.
    private static bool HasMarkers(string directory)
        => Directory.EnumerateFiles(directory, "account.db*").Select(File.ReadAllBytes).Any(bytes =>
            bytes.AsSpan().IndexOf("photos"u8) >= 0 || bytes.AsSpan().IndexOf("uploader"u8) >= 0
            || bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes("copy-of-")) >= 0);
}
