namespace Domicile.Server.Hosting;

/// <summary>
/// How many connections a listener has, in all and of each party. When a share is spent, a newcomer takes the place of the
/// connection that has waited longest for a request, of those that have never been served one if there are any: so whoever
/// opens connections and says nothing displaces only himself, and not a client beside him at the same address.
/// Where every connection is at work, the newcomer is refused. Safe for any number of threads.
/// </summary>
/// <param name="reserved">Of <paramref name="allMax"/>, kept for the parties in <paramref name="favoured"/>.</param>
/// <param name="favoured">Parties that may use what is reserved.</param>
internal sealed class ConnectionShares(int allMax, int eachMax, TimeProvider time, int reserved = 0, params object[] favoured)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, HashSet<Place>> _places = [];
    private int _count;

    /// <param name="party">Whose connection it is: equal keys are one party.</param>
    /// <param name="close">Ends the connection, when its place is taken from it.</param>
    /// <returns>Null: there is no place. Else it is to be left when the connection has ended.</returns>
    public Place? Enter(object party, Action close)
    {
        Place? displaced = null;
        Place entered;
        lock (_lock)
        {
            var own = _places.GetValueOrDefault(party) ?? [];
            var max = favoured.Contains(party) ? allMax : allMax - reserved;
            if (own.Count >= eachMax)
            {
                displaced = LongestWaiting(own);
            }
            else if (_count >= max)
            {
                displaced = LongestWaiting(_places.Values.SelectMany(places => places));
            }

            if (displaced is null && (own.Count >= eachMax || _count >= max))
            {
                return null;
            }

            Remove(displaced);
            entered = new Place(party, close, time);
            own.Add(entered);
            _places[party] = own;
            _count++;
        }

        displaced?.Close();
        return entered;
    }

    public void Leave(Place place)
    {
        lock (_lock)
        {
            Remove(place);
        }
    }

    private static Place? LongestWaiting(IEnumerable<Place> places)
        => places.Where(place => place.IsWaiting).MinBy(place => (place.IsServed, place.WaitingSince));

    private void Remove(Place? place)
    {
        if (place is null || !_places.TryGetValue(place.Party, out var own) || !own.Remove(place))
        {
            return; // It was taken from it.
        }

        _count--;
        if (own.Count == 0)
        {
            _places.Remove(place.Party);
        }
    }

    /// <summary>One connection's. It begins waiting.</summary>
    internal sealed class Place(object party, Action close, TimeProvider time)
    {
        private const long AtWork = long.MaxValue;
        private readonly Lock _counting = new();
        private long _waitingSince = time.GetTimestamp();
        private int _open;
        private volatile bool _isServed;

        public object Party => party;

        /// <summary>A timestamp of the clock.</summary>
        public long WaitingSince => Volatile.Read(ref _waitingSince);

        public bool IsWaiting => WaitingSince != AtWork;

        /// <summary>A request of it was served: somebody is there who may ask.</summary>
        public bool IsServed
        {
            get => _isServed;
            set => _isServed = value;
        }

        /// <summary>The requests of this connection that may be relayed at the same time while it has not been served.</summary>
        public Turns StrangersTurns { get; } = new() { AtOnce = EdgeLimits.StrangersRelaysOfConnection };

        public void Close() => close();

        /// <summary>Says that the connection waits for its client (true), or that it serves a request (false).</summary>
        public void Wait(bool isWaiting) => Volatile.Write(ref _waitingSince, isWaiting ? time.GetTimestamp() : AtWork);

        /// <summary>One of several requests at a time begins: the connection is at work until all of them have ended.</summary>
        public void Begin() => Count(1);

        public void End() => Count(-1);

        private void Count(int more)
        {
            lock (_counting)
            {
                _open += more;
                Wait(_open == 0);
            }
        }
    }
}
