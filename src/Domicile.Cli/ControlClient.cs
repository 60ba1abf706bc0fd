using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Domicile.Cli.Local;
using Domicile.Control;
using Domicile.Deployments;

namespace Domicile.Cli;

/// <summary>
/// The control API under /api/v1 as the verbs use it. What the API refuses, and what keeps it from being reached, ends
/// the verb with the API's own words.
/// </summary>
internal sealed class ControlClient : IDisposable
{
    private const long AnswerBytesMax = 64 * 1024 * 1024;
    private const int LineCharsMax = 1024 * 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly string _advice;

    public ControlClient(Uri control, string? token, HttpMessageHandler handler, string advice)
    {
        Url = control;
        _advice = advice;
        // No timeout: a deep verification takes as long as the account is large, and Ctrl-C always works.
        _http = new HttpClient(new ConnectionErrors(handler))
        {
            BaseAddress = new Uri(control, "/api/v1/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public Uri Url { get; }

    /// <param name="say">Takes warnings for the person.</param>
    public static ControlClient Open(DeploymentAddress address, Action<string> say)
    {
        if (address.ControlUrl is null)
        {
            var local = LocalAccess.Find(address);
            return new ControlClient(
                local.Control, local.Token, LocalAccess.Handler(Path.GetFullPath(address.DataDirectory), ConnectTimeout),
                $"start it with `domicile up --data {address.ShownDirectory}`");
        }

        if (!Uri.TryCreate(address.ControlUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new VerbFailedException(
                $"'{address.ControlUrl}' is not a URL", "give --control as http://HOST:PORT or https://HOST:PORT");
        }

        if (address is { Token: not null, TokenFile: not null })
        {
            throw new VerbFailedException("--token and --token-file are both given", "give --token-file alone");
        }

        return (address.TokenFile is { } file ? TokenFile.Read(file, say) : address.Token) is { } token
            ? new ControlClient(url, token, new SocketsHttpHandler { ConnectTimeout = ConnectTimeout }, "check --control")
            : throw new VerbFailedException($"No token for {url}", "give --token-file, or set DOMICILE_TOKEN");
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), type, cancellationToken);

    public Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> type, CancellationToken cancellationToken)
        => SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, bodyType) },
            type, cancellationToken);

    /// <summary>A request without a body.</summary>
    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        => SendAsync(new HttpRequestMessage(HttpMethod.Post, path), type, cancellationToken);

    public Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        => SendAsync(new HttpRequestMessage(HttpMethod.Delete, path), type, cancellationToken);

    /// <summary>The answer's bytes as they are, such as a receipt's.</summary>
    public async Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await ExchangeAsync(
            new HttpRequestMessage(HttpMethod.Get, path), HttpCompletionOption.ResponseContentRead, cancellationToken);
        return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    /// <summary>JSON Lines, until the server ends the stream or the connection breaks.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        string path, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await ExchangeAsync(
            new HttpRequestMessage(HttpMethod.Get, path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                yield return Read(line, type, path);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            var line = await reader.ReadLineAsync(cancellationToken);
            return line is { Length: > LineCharsMax } ? throw new VerbFailedException("Control sent an endless line") : line;
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            // The caller sees the end of the stream and decides whether to ask again.
            return null;
        }
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var answer = await ExchangeAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        return Read(await answer.Content.ReadAsStringAsync(cancellationToken), type, request.RequestUri!.OriginalString);
    }

    private T Read<T>(string json, JsonTypeInfo<T> type, string path)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null");
        }
        catch (JsonException unexpected)
        {
            throw new VerbFailedException(
                $"{new Uri(_http.BaseAddress!, path)} answered something else than expected ({unexpected.Message})",
                "use a CLI of the deployment's own version");
        }
    }

    private async Task<HttpResponseMessage> ExchangeAsync(
        HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, completion, cancellationToken);
        }
        catch (HttpRequestException unreachable)
        {
            throw new VerbFailedException($"Control at {Url} does not answer ({unreachable.Message})", _advice);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new VerbFailedException($"Control at {Url} does not answer in {ConnectTimeout.TotalSeconds:0} s", _advice);
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await RefusalAsync(answer, cancellationToken);
        }
    }

    private async Task<VerbFailedException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            return new VerbFailedException($"Control at {Url} does not know this token", "check --token-file, or DOMICILE_TOKEN");
        }

        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            if (JsonSerializer.Deserialize(body, ApiJson.Default.Problem) is { Error.Length: > 0 } problem)
            {
                return new VerbFailedException(problem.Error, problem.Next);
            }
        }
        catch (JsonException)
        {
            // Not one of the API's own answers: the status says what there is to say.
        }

        return new VerbFailedException($"Control at {Url} answered {(int)answer.StatusCode} {answer.ReasonPhrase}", _advice);
    }
}
