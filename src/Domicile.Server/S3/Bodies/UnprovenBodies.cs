namespace Domicile.Server.S3.Bodies;

/// <summary>
/// The memory that a process has for bodies which it read before it could know who sent them. Whoever wants to read one
/// takes its length first, and gives it back when the request has ended. Safe for any number of threads.
/// </summary>
internal sealed class UnprovenBodies(long lengthBytesMax)
{
    private long _takenBytes;

    public long TakenBytes => Interlocked.Read(ref _takenBytes);

    /// <returns>To be disposed of when the body is forgotten; null: there is no room, and the body is not to be read now.</returns>
    public IDisposable? TryTake(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        if (Interlocked.Add(ref _takenBytes, lengthBytes) > lengthBytesMax)
        {
            Interlocked.Add(ref _takenBytes, -lengthBytes);
            return null;
        }

        return new Taken(this, lengthBytes);
    }

    private sealed class Taken(UnprovenBodies bodies, long lengthBytes) : IDisposable
    {
        private long _lengthBytes = lengthBytes;

        public void Dispose() => Interlocked.Add(ref bodies._takenBytes, -Interlocked.Exchange(ref _lengthBytes, 0));
    }
}
