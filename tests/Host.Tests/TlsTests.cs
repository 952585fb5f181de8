using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>The running program with TLS in its own listener: curl, HTTP/2 with many streams, and a call like gRPC's through two hops of TLS.</summary>
public sealed class TlsTests(TlsTests.Shared shared) : IClassFixture<TlsTests.Shared>
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact(Timeout = 120_000)]
    public async Task ManyStreamsOfOneConnection_KeepAQuotaExactly()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        var (home, program) = (shared.Home, shared.Program);
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 150));
        var connections = 0;
        using var http = home.Client(HttpVersion.Version20, () => Interlocked.Increment(ref connections));

        var statuses = await Task.WhenAll(Enumerable.Range(0, 100).Select(async caller =>
        {
            var mine = new List<HttpStatusCode>();
            for (var i = 0; i < 3; i++)
            {
                using var response = await SendAsync(http, market.Call("/small"), HttpVersion.Version20);
                mine.Add(response.StatusCode);
            }
            return mine;
        }));
        connections.ShouldBe(1);
        statuses.SelectMany(status => status).Count(status => status == HttpStatusCode.OK).ShouldBe(150);
        statuses.SelectMany(status => status).Count(status => status == HttpStatusCode.TooManyRequests).ShouldBe(150);
        upstream.Received.Count.ShouldBe(150);
        upstream.Received.ShouldAllBe(request => request.Headers["X-Forwarded-Proto"] == "https");
        (await market.SettledRequestsAsync(program, 150)).ShouldBe(150);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("--http1.1", "1.1")]
    [InlineData("--http2", "2")]
    public async Task Curl_IsServed(string flag, string version)
    {
        await using var upstream = await FakeUpstream.StartAsync();
        var (home, program) = (shared.Home, shared.Program);
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 50));
        var body = Path.Combine(home.Folder, "body");
        await File.WriteAllBytesAsync(body, new byte[200_000], Never);

        (await CurlAsync(home, flag, "-w", "|%{http_version}|%{ssl_verify_result}", "-H", $"x-api-key: {market.Key}", market.GatewayUrl + "/small")).ShouldBe($"hello world|{version}|0");
        (await CurlAsync(home, flag, "-N", "-H", $"x-api-key: {market.Key}", market.GatewayUrl + "/stream?events=3")).ShouldBe("data: 0\n\ndata: 1\n\ndata: 2\n\n");
        (await CurlAsync(home, flag, "-o", "/dev/null", "-w", "%{size_upload} %{size_download}", "--data-binary", "@" + body, "-H", $"x-api-key: {market.Key}", market.GatewayUrl + "/echo")).ShouldBe("200000 200000");
        // In clear on the same port.
        (await CurlAsync(home, "--http1.1", "-w", "%{http_code}", "-H", $"x-api-key: {market.Key}", market.GatewayUrl.Replace("https://", "http://", StringComparison.Ordinal) + "/small")).ShouldBe("000");
        (await market.SettledRequestsAsync(program, 3)).ShouldBe(3);
        (await program.ReadinessAsync()).ShouldContain("\"certificate\"");
    }

    [Fact(Timeout = 120_000)]
    public async Task ACallLikeGrpcs_GoesThroughTwoHopsOfTls_WithItsTrailers()
    {
        var (home, program) = (shared.Home, shared.Program);
        using var forServer = home.Certificate.ForServer();
        await using var upstream = await FakeUpstream.StartAsync(forServer);
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 50));
        using var http = home.Client(HttpVersion.Version20);

        var call = market.Call("/grpc");
        (call.Method, call.Content) = (HttpMethod.Post, new ByteArrayContent(Encoding.ASCII.GetBytes("\0\0\0\0\u0005hello")));
        call.Content.Headers.ContentType = new("application/grpc");
        call.Headers.Add("TE", "trailers");
        using var response = await SendAsync(http, call, HttpVersion.Version20);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/grpc");
        (await response.Content.ReadAsStringAsync(Never)).ShouldBe("\0\0\0\0\u0005hello");
        response.TrailingHeaders.GetValues("grpc-status").ShouldBe(["0"]);
        upstream.Received.Single().Headers["TE"].ShouldBe("trailers");
        (await market.SettledRequestsAsync(program, 1)).ShouldBe(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task AStartWithoutTheCertificate_SaysWhatIsMissing()
    {
        using var home = new Home();
        File.Delete(Path.Combine(home.Folder, "key.pem"));
        await using var program = home.Prepared();
        await program.HaveClusterAsync();
        (await program.StartInVainAsync()).ShouldBe(1);
        program.Output.ShouldContain("Tollgate cannot start: Gateway__Tls__Key:");
    }

    [Fact(Timeout = 120_000)]
    public async Task TheControlPort_SpeaksTlsByTheServersOwnSettings()
    {
        using var home = new Home();
        await using var program = home.Prepared(("Kestrel__Certificates__Default__Path", Path.Combine(home.Folder, "cert.pem")),
            ("Kestrel__Certificates__Default__KeyPath", Path.Combine(home.Folder, "key.pem")));
        program.Set("Control__Url", $"https://127.0.0.1:{program.Control.Port}");
        await program.HaveClusterAsync();
        program.LaunchAgain();
        await program.UntilItSaysAsync("Gateway listens on");
        using var http = home.Client(HttpVersion.Version20);
        string? said = null;
        for (var watch = Stopwatch.StartNew(); said is null && watch.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(50, Never))
        {
            try
            {
                using var response = await http.GetAsync(new Uri($"https://127.0.0.1:{program.Control.Port}/_api/readyz"), Never);
                said = await response.Content.ReadAsStringAsync(Never);
                response.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000; includeSubDomains"]);
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
        }
        said.ShouldNotBeNull().ShouldContain("\"ready\"");
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient http, HttpRequestMessage request, Version version)
    {
        (request.Version, request.VersionPolicy) = (version, HttpVersionPolicy.RequestVersionExact);
        return http.SendAsync(request, HttpCompletionOption.ResponseContentRead, Never);
    }

    private static async Task<string> CurlAsync(Home home, params string[] arguments)
    {
        using var curl = Process.Start(new ProcessStartInfo("curl", ["-sS", "--max-time", "30", "--cacert", Path.Combine(home.Folder, "cert.pem"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = curl.StandardError.ReadToEndAsync(Never);
        var output = await curl.StandardOutput.ReadToEndAsync(Never);
        await errors;
        return output;
    }

    /// <summary>One for all tests that neither end it nor set it up in their own way. What its upstreams may show is its own certificate.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        internal Home Home { get; } = new();

        public RunningProgram Program { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Program = Home.Prepared(("SSL_CERT_FILE", Path.Combine(Home.Folder, "cert.pem")));
            await Program.StartAgainAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Program.DisposeAsync();
            Home.Dispose();
        }
    }

    /// <summary>A folder with a certificate and its key, and the settings that name them.</summary>
    internal sealed class Home : IDisposable
    {
        public Home() => Certificate.WriteTo(Folder);

        public TestCertificate Certificate { get; } = TestCertificate.Create();

        public string Folder { get; } = Directory.CreateTempSubdirectory("tollgate-tls-").FullName;

        public RunningProgram Prepared(params (string Name, string Value)[] settings)
        {
            var program = RunningProgram.Prepared(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Gateway__Tls__Certificate"] = Path.Combine(Folder, "cert.pem"),
                ["Gateway__Tls__Key"] = Path.Combine(Folder, "key.pem"),
            });
            program.Set("Gateway__Url", $"https://127.0.0.1:{program.Gateway.Port}");
            program.Set("Gateway__PublicUrl", $"https://127.0.0.1:{program.Gateway.Port}");
            foreach (var (name, value) in settings)
                program.Set(name, value);
            return program;
        }

        public HttpClient Client(Version version, Action? connected = null)
        {
            var handler = new SocketsHttpHandler { UseCookies = false, UseProxy = false, EnableMultipleHttp2Connections = false };
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == Certificate.Thumbprint;
            handler.ConnectCallback = async (context, cancellation) =>
            {
                connected?.Invoke();
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            };
            return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60), DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        }

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
