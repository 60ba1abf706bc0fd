using Domicile.Links;
using Domicile.Server.Tests.Deployment;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>What befalls one party of moves for a while, and then is over.</summary>
/// <param name="Lasts">Longer than the bound, if any, that somebody else has for it.</param>
internal abstract record Fault(string Name, TimeSpan Lasts)
{
    private Fault(string name, int seconds)
        : this(name, TimeSpan.FromSeconds(seconds))
    {
    }

    public abstract Task BeginAsync(LiveDeployment deployment, string party);

    public abstract Task EndAsync(LiveDeployment deployment, string party);

    /// <summary>kill -9 and a start.</summary>
    public sealed record Killed() : Fault("killed", 0)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party) => deployment.KillAsync(party);

        public override Task EndAsync(LiveDeployment deployment, string party) => deployment.StartAsync(party);
    }

    /// <summary>kill -9 where another release ran, and a start of this build.</summary>
    public sealed record Replaced() : Fault("replaced", 0)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party) => deployment.KillAsync(party);

        public override Task EndAsync(LiveDeployment deployment, string party)
        {
            deployment.Use(party, null);
            return deployment.StartAsync(party);
        }
    }

    /// <summary>SIGSTOP: neither answers nor dies; then it goes on, and reads what has come meanwhile.</summary>
    public sealed record Stopped() : Fault("stopped", 10)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party)
        {
            deployment.Freeze(party);
            return Task.CompletedTask;
        }

        public override Task EndAsync(LiveDeployment deployment, string party)
        {
            deployment.Thaw(party);
            return Task.CompletedTask;
        }
    }

    /// <summary>Its links to both others are cut: what is open is reset, what is new refused.</summary>
    public sealed record Cut() : Fault("cut off", 5)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party) => Do(deployment, party, link => link.Cut());

        public override Task EndAsync(LiveDeployment deployment, string party) => Do(deployment, party, link => link.Heal());
    }

    /// <summary>
    /// Its links to both others pass nothing, for longer than any step waits. Then they do, but for the connections of
    /// before: those stay open and silent for ever, as where a firewall has forgotten them.
    /// </summary>
    public sealed record Stalled() : Fault("stalled", 13)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party) => Do(deployment, party, link => link.Stall());

        public override async Task EndAsync(LiveDeployment deployment, string party)
        {
            await Do(deployment, party, link => link.Lose());
            await Do(deployment, party, link => link.Heal());
        }
    }

    /// <summary>Its disk has no byte left. It lies in a small file system: <see cref="SmallDisk"/>.</summary>
    public sealed record Full() : Fault("full", 4)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party)
            => SmallDisk.FillAsync(deployment.DirectoryOf(party));

        public override Task EndAsync(LiveDeployment deployment, string party)
        {
            SmallDisk.Free(deployment.DirectoryOf(party));
            return Task.CompletedTask;
        }
    }

    /// <summary>On nobody's disk can a further file be made, whatever bytes are free: <see cref="SmallDisk"/>.</summary>
    public sealed record NoFiles() : Fault("without inodes", 4)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party)
        {
            FaultPoint.Parties.ToList().ForEach(one => SmallDisk.FillWithFiles(deployment.DirectoryOf(one)));
            return Task.CompletedTask;
        }

        public override Task EndAsync(LiveDeployment deployment, string party)
        {
            FaultPoint.Parties.ToList().ForEach(one => SmallDisk.FreeFiles(deployment.DirectoryOf(one)));
            return Task.CompletedTask;
        }
    }

    /// <summary>The clocks of all parties jump, each its own way, and then are right again.</summary>
    public sealed record Jumped(WrongClocks Clocks, IReadOnlyDictionary<string, TimeSpan> By) : Fault("with jumping clocks", 6)
    {
        public Jumped(WrongClocks clocks, TimeSpan source, TimeSpan target, TimeSpan control)
            : this(clocks, new Dictionary<string, TimeSpan>
            {
                [FaultPoint.Source] = source,
                [FaultPoint.Target] = target,
                [FaultPoint.Control] = control,
            })
        {
        }

        public override Task BeginAsync(LiveDeployment deployment, string party) => Set(by => by);

        public override Task EndAsync(LiveDeployment deployment, string party) => Set(_ => TimeSpan.Zero);

        private Task Set(Func<TimeSpan, TimeSpan> off)
        {
            By.ToList().ForEach(one => Clocks.Set(one.Key, off(one.Value)));
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// While it is down, files of every second account of it vanish or rot, and its keys for a moment. Then all is put back.
    /// </summary>
    public sealed record Rotten() : Fault("rotten", 3)
    {
        private readonly List<FileDamage> _damages = [];

        public override async Task BeginAsync(LiveDeployment deployment, string party)
        {
            var accounts = await deployment.Control.ListAccountsAsync();
            await deployment.KillAsync(party);
            await RefusesWithoutAsync(deployment, party, "custodian.key");
            await RefusesWithoutAsync(deployment, party, "signing.key");
            _damages.Clear();
            foreach (var (number, account) in accounts.Index().Where(one => one.Index % 2 == 0))
            {
                if (FileDamage.Do(deployment, party, account, number / 2) is { } damage)
                {
                    _damages.Add(damage);
                }
            }

            await deployment.StartAsync(party);
        }

        public override async Task EndAsync(LiveDeployment deployment, string party)
        {
            var said = (await deployment.Control.DoctorAsync()).Findings
                .Where(one => one.Status == "error").Select(one => one.Finding).ToList();
            var unsaid = _damages.Where(damage => damage.Row.State is AccountRowOnDisk.Active or AccountRowOnDisk.Sealed)
                .Where(damage => !said.Any(finding => finding.Contains(damage.Account, StringComparison.Ordinal))).ToList();
            Assert.True(unsaid.Count == 0, $"doctor names {string.Join(", ", said)}, not {string.Join(", ", unsaid.Select(one => one.Row))}");
            Assert.NotEmpty(said);
            await deployment.KillAsync(party);
            _damages.ForEach(damage => damage.PutBack());
            await deployment.StartAsync(party);
        }

        private static async Task RefusesWithoutAsync(LiveDeployment deployment, string party, string key)
        {
            var path = Path.Combine(deployment.DirectoryOf(party), "keys", key);
            File.Move(path, path + ".gone");
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => deployment.StartAsync(party));
            Assert.Contains($"keys/{key} is missing", refused.Message, StringComparison.Ordinal);
            await deployment.EndAsync(party);
            Assert.False(File.Exists(path));
            File.Move(path + ".gone", path);
        }
    }

    /// <summary>Whatever it reads, writes or flushes, of databases and of contents, is an I/O error.</summary>
    public sealed record Failed(FailingDisk Disk) : Fault("failed", 4)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party)
            => Disk.FailAsync(deployment.DirectoryOf(party), flushesOnly: false);

        public override Task EndAsync(LiveDeployment deployment, string party)
        {
            Disk.Heal();
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// Its flushes are I/O errors, and then it is killed: a commit that has failed may be found in the log at the start.
    /// </summary>
    public sealed record Unflushed(FailingDisk Disk) : Fault("unflushed", 4)
    {
        public override Task BeginAsync(LiveDeployment deployment, string party)
            => Disk.FailAsync(deployment.DirectoryOf(party), flushesOnly: true);

        public override async Task EndAsync(LiveDeployment deployment, string party)
        {
            await deployment.KillAsync(party);
            Disk.Heal();
            await deployment.StartAsync(party);
        }
    }

    /// <summary>
    /// Another program holds the write locks of its databases, for longer than it waits for them: SQLITE_BUSY.
    /// </summary>
    public sealed record Locked() : Fault("locked", 11)
    {
        private readonly List<SqliteConnection> _held = [];

        public override Task BeginAsync(LiveDeployment deployment, string party)
        {
            var files = Directory.EnumerateFiles(deployment.DirectoryOf(party), "*.db", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(file) is "account.db" or "control.db");
            foreach (var file in files)
            {
                var connection = new SqliteConnection($"Data Source={file};Mode=ReadWrite;Pooling=False");
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = "BEGIN IMMEDIATE";
                command.ExecuteNonQuery();
                _held.Add(connection);
            }

            return Task.CompletedTask;
        }

        public override Task EndAsync(LiveDeployment deployment, string party)
        {
            _held.ForEach(connection => connection.Dispose());
            _held.Clear();
            return Task.CompletedTask;
        }
    }

    private static Task Do(LiveDeployment deployment, string party, Action<Link> what)
    {
        deployment.LinksOf(party).ToList().ForEach(what);
        return Task.CompletedTask;
    }
}
