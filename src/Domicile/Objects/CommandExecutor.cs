using Domicile.Accounts;
using Domicile.Objects.Commands;
using Domicile.Objects.Rows;
using Domicile.Storage;

namespace Domicile.Objects;

/// <summary>What became of a command in this region.</summary>
internal abstract record Execution
{
    private Execution()
    {
    }

    /// <summary>The account is active here, in the epoch that was asked for: this is its answer.</summary>
    public sealed record Executed(CommandResult Result) : Execution;

    /// <summary>The account isn't active here in that epoch: nothing was changed, and nothing may be answered.</summary>
    public sealed record NotHere : Execution;
}

/// <summary>
/// Runs commands on the home's copy of an account. A command is decided first, and passes the fence only if it changes
/// something: a refusal costs no seq. S3's semantics, see AWS's API reference of each operation.
/// </summary>
internal static class CommandExecutor
{
    /// <summary>Runs a command within a transaction; if it throws, the transaction must be undone.</summary>
    /// <param name="epoch">That the caller believes in.</param>
    public static Execution Execute(AccountTransaction transaction, long epoch, AccountCommand command)
    {
        // A refusal is an answer too: only the home may give it.
        if (transaction.Row is not { State: AccountState.Active } row || row.Epoch != epoch)
        {
            return new Execution.NotHere();
        }

        return RottenRow.Guard(row.Account, () => Run(transaction, epoch, command));
    }

    private static Execution Run(AccountTransaction transaction, long epoch, AccountCommand command)
    {
        var changes = new RowChanges(transaction);
        var decision = CommandForm.Check(command) ?? Decide(changes, epoch, command);
        switch (decision)
        {
            case Decision.Answer answer:
                return new Execution.Executed(answer.Result);

            case Decision.Change change:
                if (transaction.Fence(epoch) is not { } seq)
                {
                    return new Execution.NotHere();
                }

                var result = change.Apply(seq);
                changes.Settle(seq);
                return new Execution.Executed(result);

            default:
                throw new InvariantViolatedException("A decision is an answer or a change.");
        }
    }

    private static Decision Decide(RowChanges changes, long epoch, AccountCommand command)
        => command switch
        {
            CreateBucket create => new BucketCommands(changes).Decide(create),
            DeleteBucket delete => new BucketCommands(changes).Decide(delete),
            PutBucketTags tags => new BucketCommands(changes).Decide(tags),
            PutBucketVersioning versioning => new BucketCommands(changes).Decide(versioning),
            PutObject put => new ObjectCommands(changes).Decide(put),
            CopyObject copy => new ObjectCommands(changes).Decide(copy),
            PutObjectTags tags => new ObjectCommands(changes).Decide(tags),
            DeleteObject delete => new DeleteCommands(changes, epoch).Decide(delete),
            DeleteObjects delete => new DeleteCommands(changes, epoch).Decide(delete),
            CreateUpload create => new UploadCommands(changes).Decide(create),
            PutPart part => new UploadCommands(changes).Decide(part),
            CopyPart part => new UploadCommands(changes).Decide(part),
            AbortUpload abort => new UploadCommands(changes).Decide(abort),
            CompleteUpload complete => new UploadCompletion(changes).Decide(complete),
            AddCredential add => new CredentialCommands(changes).Decide(add),
            RevokeCredential revoke => new CredentialCommands(changes).Decide(revoke),
            _ => throw new InvariantViolatedException($"{command.GetType().Name} is no known command."),
        };
}
