using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>Calls to providers: the operator chose where they go. Ten seconds each, answers of at most 256 KB, no redirects.</summary>
internal sealed partial class OidcHttp(ILogger<OidcHttp> logger) : IDisposable
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = AtMost,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = AtMost,
        MaxResponseContentBufferSize = 256 * 1024,
    };

    /// <summary>Null when it does not answer with 200, for whatever reason.</summary>
    public Task<byte[]?> GetAsync(Uri address, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        return AnswerAsync(request, cancellation);
    }

    /// <summary>Exchanges a code (OpenID Connect Core 1.0, 3.1.3); null when the provider refuses, or does not answer.</summary>
    public Task<byte[]?> ExchangeAsync(OidcProvider provider, OidcMetadata metadata, string code, string verifier, string redirect, CancellationToken cancellation)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirect,
            ["code_verifier"] = verifier,
        };
        var request = new HttpRequestMessage(HttpMethod.Post, metadata.Token);
        if (metadata.SecretInBody)
            (form["client_id"], form["client_secret"]) = (provider.ClientId, provider.ClientSecret);
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", BasicOf(provider));
        request.Content = new FormUrlEncodedContent(form);
        return AnswerAsync(request, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private async Task<byte[]?> AnswerAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using (request)
        {
            request.Headers.Accept.ParseAdd("application/json");
            try
            {
                using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
                if (response.StatusCode == HttpStatusCode.OK)
                    return await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
                LogStatus(logger, request.RequestUri!, (int)response.StatusCode);
                return null;
            }
            catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                LogNone(logger, exception, request.RequestUri!);
                return null;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The provider's {Address} answered {Status}")]
    private static partial void LogStatus(ILogger logger, Uri address, int status);

    [LoggerMessage(2, LogLevel.Warning, "The provider's {Address} does not answer")]
    private static partial void LogNone(ILogger logger, Exception exception, Uri address);

    // RFC 6749, 2.3.1: both parts are form-encoded first.
    private static string BasicOf(OidcProvider provider) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(provider.ClientId)}:{Uri.EscapeDataString(provider.ClientSecret)}"));
}
