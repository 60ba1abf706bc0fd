using Domicile.Objects;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;
using Microsoft.Extensions.Primitives;

namespace Domicile.Server.S3;

/// <summary>Whether a request is its client's: for one that came here, and for one that another region hands over.</summary>
internal static class Authentication
{
    /// <param name="now">When the signature must be valid.</param>
    /// <returns>The signature, whose key the caller disposes.</returns>
    public static async ValueTask<Outcome<ProvenSignature>> CheckAsync(
        HttpContext context, RequestTarget target, SignatureClaim claim, AccountCopy copy, DateTimeOffset now)
    {
        var headers = context.Request.Headers;
        using var credential = await copy.FindCredentialAsync(claim.AccessKeyId, context.RequestAborted);
        if (credential is null)
        {
            return UnknownKey(claim);
        }

        if (headers.ContainsKey("x-amz-security-token") || target.Query.Has("X-Amz-Security-Token"))
        {
            return S3Error.Of("InvalidToken");
        }

        if (SignatureCheck.Check(claim, context.Request.Method, target, headers, credential, now)
            .Failed(out var error, out var signature))
        {
            return error;
        }

        if (IsOwner(headers["x-amz-expected-bucket-owner"], copy) && IsOwner(headers["x-amz-source-expected-bucket-owner"], copy))
        {
            return signature;
        }

        signature.Key.Dispose();
        return S3Error.Of("AccessDenied");
    }

    // A copy's source lies in the same account as its target: there is no other that it could be read from.
    private static bool IsOwner(StringValues expected, AccountCopy copy)
        => expected.All(owner => owner == copy.Account.Value);

    public static S3Error UnknownKey(SignatureClaim claim)
        => S3Error.Of("InvalidAccessKeyId").WithDetail("AWSAccessKeyId", claim.AccessKeyId);
}
