namespace Domicile.Server.Tests.Relay;

/// <summary>How a test's requests reach the home of its account.</summary>
internal enum Route
{
    /// <summary>They enter there.</summary>
    Home,

    /// <summary>They enter at a region that knows where the home is.</summary>
    OneRelay,

    /// <summary>They enter at a region that takes a former home for the home.</summary>
    TwoRelays,
}
