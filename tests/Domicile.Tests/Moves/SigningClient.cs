using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Domicile.Accounts;
using Domicile.Moves;
using Domicile.Server.S3.Signing;
using Domicile.Server.S3.Wire;
using Microsoft.AspNetCore.Http;

namespace Domicile.Tests.Moves;

/// <summary>A client that signs requests with its access key, as a node hands them over: head and body.</summary>
internal sealed class SigningClient(string accessKey, string secret)
{
    private const string Host = "beijing.example:9000";
    private const string ContentHash = "x-amz-content-sha256";
    private const int ChunkBytes = 64 << 10;

    /// <summary>Also where the signature says that it was made.</summary>
    public DateTimeOffset Now { get; init; } = TimeProvider.System.GetUtcNow();

    /// <summary>A client with the access key that the account was made with.</summary>
    public static async Task<SigningClient> OfAsync(RegionNode home, AccountId account)
        => new((await home.ListKeysAsync(account, default))[0].AccessKey, TestDeployment.FirstSecret);

    /// <summary>A request whose signature covers the hash of its body.</summary>
    public SentRequest Sign(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
        => Sign(method, target, Convert.ToHexStringLower(SHA256.HashData(body ?? [])), body ?? [], headers).Request;

    public SentRequest SignWithoutBody(string method, string target, byte[] body)
        => Sign(method, target, "UNSIGNED-PAYLOAD", body, []).Request;

    /// <summary>aws-chunked, as the payload's kind says.</summary>
    /// <param name="trailer">A line of trailers; null: none.</param>
    public SentRequest SignChunks(string method, string target, string payload, byte[] body, string? trailer = null)
    {
        List<(string, string)> headers = [("x-amz-decoded-content-length", Text(body.Length))];
        if (trailer is not null)
        {
            headers.Add(("x-amz-trailer", trailer.Split(':')[0]));
        }

        var (request, key, previous) = Sign(method, target, payload, [], [.. headers]);
        var isSigned = !payload.Contains("UNSIGNED", StringComparison.Ordinal);
        using var framed = new MemoryStream();
        foreach (var chunk in body.Chunk(ChunkBytes).Append([]))
        {
            previous = key.SignChunk(previous, SHA256.HashData(chunk));
            var extension = isSigned ? ";chunk-signature=" + previous : "";
            framed.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x}{extension}\r\n"));
            framed.Write(chunk);
            framed.Write(chunk.Length > 0 ? "\r\n"u8 : []);
        }

        framed.Write(Encoding.ASCII.GetBytes(trailer is null ? "" : trailer + "\r\n"));
        if (trailer is not null && isSigned)
        {
            var signature = key.SignTrailers(previous, trailer + "\n");
            framed.Write(Encoding.ASCII.GetBytes($"x-amz-trailer-signature:{signature}\r\n"));
        }

        framed.Write("\r\n"u8);
        return request with { Body = framed.ToArray() };
    }

    private (SentRequest Request, SigningKey Key, string Signature) Sign(
        string method, string target, string payload, byte[] body, (string Name, string Value)[] more)
    {
        var signedAt = Now.UtcDateTime.ToString(S3Time.AmzForm, CultureInfo.InvariantCulture);
        var scope = $"{signedAt[..8]}/beijing/s3/aws4_request";
        var headers = new HeaderDictionary { ["host"] = Host, ["x-amz-date"] = signedAt, [ContentHash] = payload };
        more.ToList().ForEach(header => headers[header.Name] = header.Value);
        var names = headers.Keys.Select(name => name.ToLowerInvariant()).Order(StringComparer.Ordinal).ToList();
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var (path, rawQuery) = question < 0 ? (target, "") : (target[..question], target[(question + 1)..]);
        Xunit.Assert.False(RequestQuery.Parse(rawQuery).Failed(out _, out var query));
        using var secretBytes = SecretBytes.OfText(secret);
        var key = new SigningKey(secretBytes, signedAt, scope);
        var signature = key.Sign(key.StringToSign(
            CanonicalRequest.Build(method, path, query!.Canonical(null), headers, names, payload)));
        headers["Authorization"] = $"AWS4-HMAC-SHA256 Credential={accessKey}/{scope},SignedHeaders={string.Join(';', names)},"
            + $"Signature={signature}";
        headers.ContentLength = body.Length;
        var request = new ClientRequest(
            method, target, [.. headers.Select(header => new HeaderLine(header.Key, header.Value.ToString()))], null);
        return (new SentRequest(request, body, Now), key, signature);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <param name="ReceivedAt">When its head came to a node.</param>
internal sealed record SentRequest(ClientRequest Request, byte[] Body, DateTimeOffset ReceivedAt)
{
    public byte[] Head => Request.Encode();

    /// <summary>As somebody on the way would like it to be.</summary>
    public SentRequest Altered(Func<ClientRequest, ClientRequest> alter) => this with { Request = alter(Request) };
}
