using System.Buffers;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Storage;

namespace Domicile.Tests.Moves;

/// <summary>
/// A source that sends what a test wants, honest or not, as the links of a target see it. It remembers from where it was
/// asked to send.
/// </summary>
/// <param name="others">Answers everything else.</param>
/// <param name="script">
/// The frames of the n-th stream, from 0; after them it stays open and says nothing more. A key in them is sealed for whoever
/// asks.
/// </param>
internal sealed class ScriptedSource(IRegionLinks others, Func<int, IEnumerable<StreamFrame>> script) : IRegionLinks, IRegionLink
{
    private readonly Lock _gate = new();
    private readonly List<(long After, ScriptedStream Stream)> _asked = [];
    private TaskCompletionSource _more = NewSignal();

    /// <summary>The cursor that came with the n-th question for a stream: what the target has stored, in its own words.</summary>
    public async Task<long> AskedAfterAsync(int n, CancellationToken cancellationToken)
        => (await FindAsync(n, cancellationToken)).After;

    /// <summary>Completes when the target has let go of the n-th stream.</summary>
    public async Task LeftAsync(int n, CancellationToken cancellationToken)
        => await (await FindAsync(n, cancellationToken)).Stream.Left.WaitAsync(cancellationToken);

    public IRegionLink To(RegionName region) => this;

    public Task<DirectoryEntry?> AskControlAsync(AccountId account, CancellationToken cancellationToken)
        => others.AskControlAsync(account, cancellationToken);

    public Task<Stream> PullAsync(MoveOrder order, long after, byte[] boxKey, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var bytes = new ArrayBufferWriter<byte>();
            foreach (var frame in script(_asked.Count))
            {
                ChangeStream.Write(
                    bytes, frame is StreamFrame.Key(var key)
                        ? new StreamFrame.Key(SecretBox.Seal(boxKey, order.Move.ToByteArray(), key))
                        : frame);
            }

            var stream = new ScriptedStream(bytes.WrittenSpan.ToArray());
            _asked.Add((after, stream));
            _more.SetResult();
            _more = NewSignal();
            return Task.FromResult<Stream>(stream);
        }
    }

    public Task<StepAnswer> RefuseAsync(MoveOrder order, string reason, CancellationToken cancellationToken)
        => others.To(order.Target).RefuseAsync(order, reason, cancellationToken);

    public Task<HandOverAnswer> HandOverAsync(
        HandOver handOver, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
        => throw new RegionUnreachableException(RegionName.Parse("scripted"), "this source hands nothing over");

    private async Task<(long After, ScriptedStream Stream)> FindAsync(int n, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_asked.Count > n)
                {
                    return _asked[n];
                }

                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Bytes, and then silence.</summary>
    private sealed class ScriptedStream(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly TaskCompletionSource _left = NewSignal();

        public Task Left => _left.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length)
            {
                await NewSignal().Task.WaitAsync(cancellationToken);
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            _left.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
