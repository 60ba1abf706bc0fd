using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>The one ACL that there is, of buckets and of objects: the account may do all, and nobody else anything.</summary>
internal static class GetAcl
{
    private const string SchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";

    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if ((await AclTarget.FindAsync(exchange)) is { } error)
        {
            return error;
        }

        var answer = new XmlAnswer("AccessControlPolicy")
            .AddOwner("Owner", exchange)
            .Open("AccessControlList").Open("Grant")
            .Open("Grantee", $" xmlns:xsi=\"{SchemaInstance}\" xsi:type=\"CanonicalUser\"")
            .Add("ID", exchange.Copy.Account.Value)
            .Add("DisplayName", exchange.Copy.Account.Value)
            .Close()
            .Add("Permission", "FULL_CONTROL");
        return await S3Answer.XmlAsync(exchange, answer);
    }
}
