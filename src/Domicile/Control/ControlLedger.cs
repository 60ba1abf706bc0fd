using Domicile.Storage;

namespace Domicile.Control;

/// <summary>What control puts into the ledger, in the transaction of what it is about.</summary>
internal sealed class ControlLedger
{
    public long AppendOverride(Sql sql, ControlAccount account, PolicyInForce policy, string by)
        => throw new NotImplementedException();

    public long AppendPolicy(Sql sql, PolicyInForce policy, string by) => throw new NotImplementedException();

    public long AppendErasure(Sql sql, byte[] statement) => throw new NotImplementedException();

    public Task<Outcome<bool>> CheckErasureAsync(byte[] statement, ControlAccount account, CancellationToken cancellationToken)
        => throw new NotImplementedException();
}
