using Domicile.Server.S3.Bodies;
using Domicile.Server.S3.Wire;

namespace Domicile.Server.S3;

/// <summary>Takes the ACL that everything has already, and refuses every other, as S3 does where ACLs are disabled.</summary>
internal static class PutAcl
{
    public static async Task<S3Error?> RunAsync(S3Exchange exchange)
    {
        if (await AclTarget.FindAsync(exchange) is { } missing)
        {
            return missing;
        }

        if (RequestHeaders.CheckAcl(exchange.Headers) is { } refusal)
        {
            return refusal;
        }

        if ((await DocumentIntake.ReadAsync(exchange, S3Limits.DocumentBytesMax)).Failed(out var error, out var document))
        {
            return error;
        }

        if (!document.IsEmpty)
        {
            if (XmlElement.Parse(document, "AccessControlPolicy").Failed(out error, out var policy))
            {
                return error;
            }

            var grants = policy.Child("AccessControlList")?.All("Grant") ?? [];
            if (grants.Any(grant => grant.Child("Grantee")?["ID"] != exchange.Copy.Account.Value))
            {
                return S3Error.Of("AccessControlListNotSupported");
            }
        }

        return S3Answer.Empty(exchange, StatusCodes.Status200OK);
    }
}
