using Domicile.Links;
using Domicile.Server.Tests.Deployment;
using Microsoft.Data.Sqlite;

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
