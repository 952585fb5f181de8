using System.Net;
using System.Net.Sockets;
using Tollgate.Gateway.Listener;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Asks a target once, over a connection of its own: that one can be made is part of the question. Redirects are not followed, and of the answer only the
/// head is read. The API's upstream headers go with it; there is no call, so there is no signature.
/// </summary>
internal sealed class HealthProbe(UpstreamDialer dialer, GatewayOptions options, TimeProvider clock) : IDisposable
{
    private const int MostHeadKilobytes = 16;

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.Zero,
        MaxResponseHeadersLength = MostHeadKilobytes,
        MaxResponseDrainSize = 0,
        ConnectCallback = async (context, cancellation) =>
            new NetworkStream(await dialer.ConnectSocketAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation).ConfigureAwait(false), ownsSocket: true),
    });

    /// <summary>Null when the target answered as expected, else what it did instead.</summary>
    /// <exception cref="HttpRequestException">This node could not ask (<see cref="UpstreamDialer.LacksDescriptors"/>).</exception>
    public async Task<string?> AskAsync(Target target, HealthCheck check, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        using var limit = new CancellationTokenSource(check.Timeout, clock);
        using var request = new HttpRequestMessage(HttpMethod.Get, target.Origin + check.Path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (!request.Headers.Contains("User-Agent"))
            request.Headers.TryAddWithoutValidation("User-Agent", "Tollgate");
        try
        {
            using var response = await _invoker.SendAsync(request, limit.Token).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            return status >= check.StatusFrom && status <= check.StatusTo ? null : $"status {status}";
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException && !UpstreamDialer.LacksDescriptors(exception))
        {
            return exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } ? "not connected"
                : exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } ? "TLS failed" : "no HTTP answer";
        }
    }

    public void Dispose() => _invoker.Dispose();
}
