using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Domicile.Control;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.Moves;
using Domicile.Storage;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Domicile.Server.Tests.Faults;

/// <summary>
/// Somebody changes what a region has stored, past the product. The move must notice: it fails, both sides are kept, the
/// source goes on, and <c>domicile doctor</c> says what to do. Each case has an account of its own.
/// </summary>
public sealed class TamperTests(TamperDeployment shared) : IClassFixture<TamperDeployment>, IAsyncLifetime
{
    private const string Source = FaultPoint.Source;
    private const string Target = FaultPoint.Target;
    private const string Bucket = "photos";
    private const int FileBytes = 200_000;
    private const int InlineBytes = 500;
    private const int LongBytes = (int)StorageLimits.DirectBytesMin + 70_001;

    private readonly LiveDeployment _deployment = shared.Live;
    private NewAccountView _account = null!;
    private AmazonS3Client _s3 = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _account = await _deployment.Control.AddAccountAsync("IN", Source);
        _s3 = _deployment.OpenS3(_account, change: LiveDeployment.SendOnce);
        await _s3.PutBucketAsync(Bucket, Cancelled);
        await PutAsync(UniqueContent.Name("file", 1, FileBytes));
        await PutAsync(UniqueContent.Name("inline", 1, InlineBytes));
        FaultCoverage.Add("tampered", 1);
    }

    public ValueTask DisposeAsync()
    {
        _s3.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <param name="statement">What another program does to the target's rows while the account is arriving.</param>
    [Theory]
    [InlineData("UPDATE version SET etag = 'd41d8cd98f00b204e9800998ecf8427e' WHERE size = 500")]
    [InlineData(
        "INSERT INTO version SELECT account, bucket, 'rogue', born, 'rogue', seq, latest, marker, modified_ms, size, etag, document "
        + "FROM version WHERE size = 500")]
    [InlineData("DELETE FROM version WHERE size = 500")]
    public async Task A_rogue_write_at_the_target_fails_the_move(string statement)
    {
        var move = await StandAsync("drain.asked");
        await Eventually.HoldsAsync(
            () => Task.FromResult(Ask(Target, "SELECT count(*) || '' FROM version WHERE size = 500") == "1"), "the row is there");
        Execute(Target, statement);
        await FailsAsync(move, "drain.asked", "another program has written");
        await ClearedItMovesAsync(move);
    }

    [Fact]
    public async Task A_flipped_bit_in_a_content_file_fails_the_move_and_names_the_content()
    {
        Flip(ContentFile(Source));
        var move = (await _deployment.Control.BeginMoveAsync(_account.Account, Target)).Move;
        await FailsAsync(move, null, Path.GetFileName(ContentFile(Source)));
        await DeepVerificationNamesItAsync(Path.GetFileName(ContentFile(Source)));

        // The way out that the doctor names: the object goes, and with it the content.
        await _s3.DeleteObjectAsync(Bucket, UniqueContent.Name("file", 1, FileBytes), Cancelled);
        await ClearedItMovesAsync(move);
    }

    // What is so long is copied past the page cache.
    [Fact]
    public async Task A_flipped_bit_in_a_long_content_fails_the_move_and_flipped_back_it_arrives_whole()
    {
        var name = UniqueContent.Name("long", 1, LongBytes);
        await PutAsync(name);
        var file = ContentFile(Source, LongBytes);
        Flip(file);
        var move = (await _deployment.Control.BeginMoveAsync(_account.Account, Target)).Move;
        await FailsAsync(move, null, Path.GetFileName(file));

        Flip(file);
        await ClearedItMovesAsync(move);
        Assert.True(new FileInfo(ContentFile(Target, LongBytes)).Length > LongBytes);
        using var answer = await _s3.GetObjectAsync(Bucket, name, Cancelled);
        Assert.Equal(name, await UniqueContent.ReadAsync(answer.ResponseStream, Cancelled));
    }

    [Fact]
    public async Task A_flipped_bit_in_a_content_that_lies_in_its_row_fails_the_move()
    {
        var content = Ask(Source, "SELECT content FROM content WHERE inline IS NOT NULL AND length = 500");
        FlipInline(content);
        var move = (await _deployment.Control.BeginMoveAsync(_account.Account, Target)).Move;
        await FailsAsync(move, null, content);
        await DeepVerificationNamesItAsync(content);
    }

    [Fact]
    public async Task A_content_that_has_lost_its_file_fails_the_move()
    {
        var file = ContentFile(Source);
        File.Delete(file);
        var move = (await _deployment.Control.BeginMoveAsync(_account.Account, Target)).Move;
        await FailsAsync(move, null, Path.GetFileName(file));
        await DeepVerificationNamesItAsync(Path.GetFileName(file));
    }

    // Goal: what can't be read in the account's own rows is the operator's matter: 403, which no client tries again, and doctor
    // names the account. Method: the document of a version becomes none.
    [Fact]
    public async Task A_row_that_is_none_is_answered_AccountProblem_and_named()
    {
        Execute(Source, "UPDATE version SET document = '{' WHERE size = 500");

        await HasAProblemAsync(UniqueContent.Name("inline", 1, InlineBytes));
        var overwritten = await Assert.ThrowsAsync<AmazonS3Exception>(() => PutAsync(UniqueContent.Name("inline", 1, InlineBytes)));
        Assert.Equal((HttpStatusCode.Forbidden, "AccountProblem"), (overwritten.StatusCode, overwritten.ErrorCode));
        await DoctorSaysAsync(Source, $"account {_account.Account} is damaged");
    }

    // Goal: a valid key is not called unknown, nor an object that is there missing, because the log was overwritten while it was in
    // use. Method: zeros over the log, then the request of a key and an object that are there.
    [Fact]
    public async Task A_log_that_is_overwritten_while_it_is_in_use_is_damage_and_not_an_unknown_key()
    {
        var log = Path.Combine(DirectoryIn(Source), "account.db-wal");
        await using (var file = new FileStream(log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(new byte[file.Length], Cancelled);
        }

        await HasAProblemAsync(UniqueContent.Name("inline", 1, InlineBytes));
        await DoctorSaysAsync(Source, _account.Account, "accept-loss");
    }

    private async Task HasAProblemAsync(string name)
    {
        var problem = await Assert.ThrowsAsync<AmazonS3Exception>(() => _s3.GetObjectAsync(Bucket, name, Cancelled));
        Assert.Equal((HttpStatusCode.Forbidden, "AccountProblem"), (problem.StatusCode, problem.ErrorCode));
    }

    [Fact]
    public async Task A_wrong_digest_at_the_source_fails_the_move()
    {
        await _deployment.KillAsync(Source);
        Execute(Source, "UPDATE account SET digest = zeroblob(2048)");
        await _deployment.StartAsync(Source);
        var move = (await _deployment.Control.BeginMoveAsync(_account.Account, Target)).Move;
        await FailsAsync(move, null, "set digests");
        await DeepVerificationNamesItAsync("set digest");
    }

    [Fact]
    public async Task A_bit_that_flips_at_the_target_after_it_was_checked_is_found_by_a_deep_verification()
    {
        var move = await StandAsync("activate.asked");
        Flip(ContentFile(Target));
        CrashPoints.Release(_deployment, Target, "activate.asked", _account.Account);
        Assert.Equal("done", (await _deployment.Control.EndOfMoveAsync(move)).State);
        await DeepVerificationNamesItAsync(Path.GetFileName(ContentFile(Target)), Target);
    }

    /// <summary>Begins a move that stands still at the target, with all its rows and contents there.</summary>
    private async Task<Guid> StandAsync(string point)
    {
        await CrashPoints.SetAsync(_deployment, Target, point, "pause", _account.Account);
        var move = (await _deployment.Control.BeginMoveAsync(_account.Account, Target)).Move;
        await CrashPoints.ReachedAsync(_deployment, Target, point, _account.Account);
        return move;
    }

    private async Task FailsAsync(Guid move, string? point, string because)
    {
        if (point is not null)
        {
            CrashPoints.Release(_deployment, Target, point, _account.Account);
        }

        var end = await _deployment.Control.EndOfMoveAsync(move);
        Assert.Equal("failed", end.State);
        Assert.Contains(because, end.Reason!, StringComparison.Ordinal);

        // Both sides are kept; the source goes on.
        var rows = AccountRowOnDisk.Read(_deployment, _account.Account).ToDictionary(row => row.Region);
        Assert.True(rows[Source] is { State: AccountRowOnDisk.Active, Epoch: 1, HasData: true }, $"{rows[Source]}");
        Assert.True(rows[Target].HasData && rows[Target].State != AccountRowOnDisk.Active, $"{rows[Target]}");
        await PutAsync(UniqueContent.Name("after", 1, InlineBytes + 1));
        await DoctorSaysAsync($"move {move} of account {_account.Account} failed", $"domicile moves abort {move}");
        await DoctorSaysAsync($"what move {move} brought of account {_account.Account} is kept for inspection");
    }

    private async Task ClearedItMovesAsync(Guid move)
    {
        await _deployment.Control.AbortMoveAsync(move);
        Assert.DoesNotContain(
            (await _deployment.Control.DoctorAsync()).Findings, one => one.Finding.Contains($"{move}", StringComparison.Ordinal));
        Assert.Equal("done", (await _deployment.Control.MoveAsync(_account.Account, Target)).State);
        Assert.Empty((await _deployment.Control.VerifyAsync(_account.Account)).Result.Troubles);
    }

    private async Task DeepVerificationNamesItAsync(string what, string home = Source)
    {
        var verified = (await _deployment.Control.VerifyAsync(_account.Account)).Result;
        Assert.Contains(verified.Troubles, trouble => trouble.Contains(what, StringComparison.Ordinal));
        await DoctorSaysAsync(home, $"account {_account.Account} is damaged", "Restore the account from a backup");
    }

    /// <summary>One finding has all of these words, in what it found or in what it advises.</summary>
    private async Task DoctorSaysAsync(params string[] words)
        => Assert.Contains(
            (await _deployment.Control.DoctorAsync()).Findings,
            one => words.All(word => $"{one.Place} {one.Finding} {one.Advice}".Contains(word, StringComparison.Ordinal)));

    private Task<PutObjectResponse> PutAsync(string name)
        => _s3.PutObjectAsync(
            new PutObjectRequest { BucketName = Bucket, Key = name, InputStream = new MemoryStream(UniqueContent.Of(name)) },
            Cancelled);

    private string DirectoryIn(string region)
        => Path.Combine(_deployment.DirectoryOf(region), "accounts", _account.Account[..2], _account.Account);

    private string ContentFile(string region, long lengthBytesMin = FileBytes)
        => Assert.Single(
            Directory.EnumerateFiles(Path.Combine(DirectoryIn(region), "contents"), "*", SearchOption.AllDirectories),
            file => new FileInfo(file).Length > lengthBytesMin);

    private static void Flip(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = stream.Length / 2;
        var one = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(one ^ 1));
    }

    private void FlipInline(string content)
    {
        using var database = Open(Source);
        using var command = database.CreateCommand();
        command.CommandText = "SELECT inline FROM content WHERE content = $content";
        command.Parameters.AddWithValue("$content", content);
        var bytes = (byte[])command.ExecuteScalar()!;
        bytes[100] ^= 1;
        command.CommandText = "UPDATE content SET inline = $bytes WHERE content = $content";
        command.Parameters.AddWithValue("$bytes", bytes);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private void Execute(string region, string statement)
    {
        using var database = Open(region);
        using var command = database.CreateCommand();
        command.CommandText = statement;
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private string Ask(string region, string query)
    {
        using var database = Open(region);
        using var command = database.CreateCommand();
        command.CommandText = query;
        return (string)command.ExecuteScalar()!;
    }

    private SqliteConnection Open(string region)
    {
        var database = new SqliteConnection(
            $"Data Source={Path.Combine(DirectoryIn(region), "account.db")};Mode=ReadWrite;Pooling=False");
        database.Open();
        return database;
    }
}

/// <summary>One deployment for all cases.</summary>
public sealed class TamperDeployment : IAsyncLifetime
{
    internal LiveDeployment Live { get; private set; } = null!;

    public async ValueTask InitializeAsync()
        => Live = await LiveDeployment.StartAsync(
            new DeploymentSetup
            {
                Policy = TestPolicies.Anywhere,
                Regions = [DeploymentSetup.Beijing, DeploymentSetup.Singapore],
            });

    public ValueTask DisposeAsync() => Live.DisposeAsync();
}
