using System.Net;
using System.Security.Cryptography.X509Certificates;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Tls;

/// <summary>The data plane behind TLS, its certificate in a folder, and clients that say which certificate they were shown.</summary>
internal sealed class SecureRig : IAsyncDisposable
{
    private SecureRig(GatewayRig inner, string folder) => (Inner, Folder) = (inner, folder);

    public GatewayRig Inner { get; }

    /// <summary>Of <c>cert.pem</c> and <c>key.pem</c>.</summary>
    public string Folder { get; }

    /// <summary>Thumbprint of the certificate that the last new connection was shown.</summary>
    public string? Shown { get; private set; }

    public static async Task<SecureRig> StartAsync(TestCertificate? certificate = null, TimeProvider? clock = null, Uri? upstream = null, params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-tls-").FullName;
        (certificate ?? TestCertificate.Create()).WriteTo(folder);
        return new SecureRig(await GatewayRig.StartAsync(Settings(folder, settings), upstream: upstream, clock: clock), folder);
    }

    public static Dictionary<string, string?> Settings(string folder, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Gateway:Url"] = "https://127.0.0.1:0",
            ["Gateway:Tls:Certificate"] = Path.Combine(folder, "cert.pem"),
            ["Gateway:Tls:Key"] = Path.Combine(folder, "key.pem"),
        };
        foreach (var (name, value) in settings)
            all[name] = value;
        return all;
    }

    /// <param name="version">The one that is offered, and no other.</param>
    /// <param name="keepsAlive">False: each call on a connection of its own.</param>
    public HttpClient Client(Version version, bool keepsAlive = true)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null };
        if (!keepsAlive)
            handler.PooledConnectionLifetime = TimeSpan.Zero;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
        {
            // Which one it must be, each test says.
            Shown = (shown as X509Certificate2)?.Thumbprint;
            return Shown is not null;
        };
        return new HttpClient(handler)
        {
            BaseAddress = Inner.Address,
            Timeout = TimeSpan.FromSeconds(30),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    /// <summary>One call; HttpClient takes the version of a request from the request.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient http, HttpRequestMessage request)
    {
        (request.Version, request.VersionPolicy) = (http.DefaultRequestVersion, http.DefaultVersionPolicy);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>A handshake and a call on a new connection.</summary>
    public async Task<HttpStatusCode> CallAnewAsync()
    {
        using var http = Client(HttpVersion.Version11, keepsAlive: false);
        using var response = await SendAsync(http, GatewayRig.Call("/x"));
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
