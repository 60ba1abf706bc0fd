namespace Domicile.Server.Tests.Relay;

/// <summary>The tests of the class that this one is derived from run once more, their requests by another route.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ThroughAttribute(Route route) : Attribute
{
    public Route Route => route;
}
