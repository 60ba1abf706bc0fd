using Domicile.Accounts;
using Domicile.Objects;

namespace Domicile.Moves;

/// <summary>The other regions, as this one reaches them.</summary>
internal interface IRegionLinks
{
    /// <exception cref="RegionUnreachableException">No such region in the deployment, or not any more.</exception>
    IRegionLink To(RegionName region);

    /// <summary>Asks control about an account that the replica doesn't know. Null: control doesn't know it either, or is down.</summary>
    Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken);
}

/// <summary>
/// What one region asks of another, over mutually authenticated HTTP in production. The callee knows who calls, and
/// checks that the move makes it the right one. <see cref="RegionUnreachableException"/>: no answer, which means nothing.
/// </summary>
internal interface IRegionLink
{
    /// <summary>
    /// Asked of the source by the target: the changes after a seq, then those that follow as they commit, as
    /// <see cref="ChangeStream"/> frames. The stream ends only by failing, by cancellation or with its last frame.
    /// </summary>
    /// <param name="boxKey">For which the account's key is sealed: a <see cref="Storage.SecretBox.PublicKey"/>.</param>
    Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken);

    /// <summary>Asked of a source by a target: as many bytes as are wanted, which say nothing, for the time that they take.</summary>
    /// <param name="lengthBytes">At most <see cref="MoveLimits.ProbeBytesMax"/>.</param>
    Task<Stream> ProbeAsync(int lengthBytes, CancellationToken cancellationToken)
        => throw new NotSupportedException("This link has no distance to measure.");

    /// <summary>Asked of the target by the source: what became of this move? If it isn't activated, it never will be.</summary>
    Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken);

    /// <summary>Asked of the new home by the former one: run this request of a client there, once.</summary>
    /// <param name="writeBody">Writes the body as the client sent it.</param>
    Task<HandOverAnswer> HandOverAsync(
        HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken);
}

/// <summary>A client's write that was under way when its account left.</summary>
/// <param name="Attempt">Drawn once per client request: whoever asks again gets the first answer.</param>
/// <param name="Epoch">The epoch in which it may run: the one that the move began.</param>
/// <param name="ReceivedAt">When the request's head came, by the former home's clock.</param>
/// <param name="Head">The client's request but for its body, see <see cref="IRequestReplay"/>.</param>
internal sealed record HandOver(
    AccountId Account, Guid Move, string Attempt, long Epoch, DateTimeOffset ReceivedAt, byte[] Head);

[System.Text.Json.Serialization.JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Applied), "applied")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(Never), "never")]
[System.Text.Json.Serialization.JsonDerivedType(typeof(NotYet), "notYet")]
internal abstract record HandOverAnswer
{
    private HandOverAnswer()
    {
    }

    /// <param name="Result">Also a refusal counts as applied: it is the answer.</param>
    public sealed record Applied(CommandResult Result) : HandOverAnswer;

    /// <summary>That epoch is over here: not applied, and never will be.</summary>
    public sealed record Never : HandOverAnswer;

    /// <summary>The new home isn't that yet, or is being sealed: ask again.</summary>
    public sealed record NotYet : HandOverAnswer;
}
