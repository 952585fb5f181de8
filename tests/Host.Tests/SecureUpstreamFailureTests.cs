using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>Upstreams with TLS that die, on real sockets: what a call has cost by then, and who else may get it.</summary>
[Collection(SharedProgram.Name)]
public sealed class SecureUpstreamFailureTests(SharedProgram shared)
{
    [Fact(Timeout = 180_000)]
    public async Task PostWithoutABody_IsSentOnceOnly_HoweverItsUpstreamEnds()
    {
        using var certificate = shared.Trusted.ForServer();
        await using var other = await FakeUpstream.StartAsync(certificate);
        var program = shared.Program;

        // It works, and is gone for good: neither it nor the other one may get the call again.
        await using var mortal = new SilentUpstream(certificate, stopsAfterOne: true);
        using (var market = await Market.OpenAsync(program, mortal.Address, Market.Deny("month", 100)))
        {
            await market.SetUpstreamsAsync(new { targets = new[] { new { url = mortal.Address }, new { url = other.Address } } });
            (await PostAsync(program, market)).ShouldBe(HttpStatusCode.BadGateway);
            mortal.Received.ShouldBe(1);
            other.Received.ShouldBeEmpty();
            // Nothing was sent there by now, so the next one goes on.
            await market.SetUpstreamsAsync(new { targets = new[] { new { url = mortal.Address }, new { url = other.Address } }, balancing = "least_requests" });
            (await PostAsync(program, market)).ShouldBe(HttpStatusCode.OK);
        }

        // It works, closes and can be connected to again.
        await using var closing = new SilentUpstream(certificate, stopsAfterOne: false);
        using (var market = await Market.OpenAsync(program, closing.Address, Market.Deny("month", 100)))
        {
            (await PostAsync(program, market)).ShouldBe(HttpStatusCode.BadGateway);
            closing.Received.ShouldBe(1);
        }
    }

    /// <summary>HTTP/2 has a word for it: the upstream has not looked at the call, so it may be sent again, whatever it is.</summary>
    [Fact(Timeout = 120_000)]
    public async Task PostThatItsUpstreamSendsBackUnseen_IsSentAgain()
    {
        using var certificate = shared.Trusted.ForServer();
        await using var upstream = await FakeUpstream.StartAsync(certificate);
        var program = shared.Program;
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 100));
        (await PostAsync(program, market)).ShouldBe(HttpStatusCode.OK);
        upstream.Refuses = 2;
        (await PostAsync(program, market)).ShouldBe(HttpStatusCode.OK);
        (upstream.Refuses, upstream.Received.Count).ShouldBe((0, 2));
        (await market.SettledRequestsAsync(program, 2)).ShouldBe(2);
    }

    [Fact(Timeout = 120_000)]
    public async Task SecondTry_NamesTheSchemeAndHostThatATrustedProxyTold()
    {
        using var certificate = shared.Trusted.ForServer();
        using var unknown = TestCertificate.Create().ForServer();
        await using var untrusted = await FakeUpstream.StartAsync(unknown);
        await using var secure = await FakeUpstream.StartAsync(certificate);
        await using var plain = await FakeUpstream.StartAsync();
        var program = shared.Program;
        using var http = RunningProgram.NewClient(program.Gateway);
        using var market = await Market.OpenAsync(program, secure.Address, Market.Deny("month", 100));
        foreach (var upstream in new[] { secure, plain })
        {
            await market.SetUpstreamsAsync(new { targets = new[] { new { url = untrusted.Address }, new { url = upstream.Address } } });
            var call = market.Call("/small");
            call.Headers.Add("X-Forwarded-Proto", "https");
            call.Headers.Add("X-Forwarded-Host", "api.example.com");
            using var response = await http.SendAsync(call, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            var headers = upstream.Received.ShouldHaveSingleItem().Headers;
            (headers["X-Forwarded-Proto"], headers["X-Forwarded-Host"]).ShouldBe(("https", "api.example.com"));
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task ClientThatLeavesBeforeItsUpstreamIsConnectedTo_IsNotBilled()
    {
        var program = shared.Program;
        using var http = RunningProgram.NewClient(program.Gateway);
        // Takes connections and says nothing: no handshake ends.
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        using var market = await Market.OpenAsync(program, new Uri($"https://{mute.LocalEndpoint}"), Market.Deny("month", 100));

        using var leave = new CancellationTokenSource();
        var calling = http.SendAsync(market.Call("/small"), leave.Token);
        using var connection = await mute.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await leave.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => calling);

        var log = await market.RequestLogAsync();
        while (log.Count == 0)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            log = await market.RequestLogAsync();
        }
        log.ShouldHaveSingleItem().GetProperty("status").GetInt32().ShouldBe(499);
        (await market.SettledRequestsAsync(program, 0)).ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task NodeWithoutDescriptors_BlamesNoUpstream()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var certificate = TestCertificate.Create().ForServer();
        await using var secure = await FakeUpstream.StartAsync(certificate);
        await using var plain = await FakeUpstream.StartAsync();
        var trusted = Path.GetTempFileName();
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem(), cancellation);
        // Of its own: others would have no descriptors either.
        await using var program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["SSL_CERT_FILE"] = trusted });
        using var http = RunningProgram.NewClient(program.Gateway);
        using var market = await Market.OpenAsync(program, secure.Address, Market.Deny("month", 100));
        await market.SetUpstreamsAsync(new { targets = new[] { new { url = secure.Address }, new { url = plain.Address } }, health = new { passive = new { failures = 1, cool_off_seconds = 600, max_cool_off_seconds = 600 } } });
        // The client's connection is there before the limit is.
        (await http.GetAsync(new Uri("/nothing", UriKind.Relative), cancellation)).Dispose();

        await LimitFilesAsync(program, "10");
        for (var i = 0; i < 4; i++)
            using (var response = await http.SendAsync(market.Call("/small"), cancellation))
                response.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        await LimitFilesAsync(program, "4096");

        for (var i = 0; i < 4; i++)
            using (var response = await http.SendAsync(market.Call("/small"), cancellation))
                response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (secure.Received.Count, plain.Received.Count).ShouldBe((2, 2));
        // Two that rest would be called as well.
        var states = (await Market.GetAsync(market.Provider, $"/api/apis/{market.ApiId}/upstreams")).GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("state")).ToList();
        states.ShouldAllBe(state => state.GetProperty("status").GetString() == "healthy" && state.GetProperty("last_failure").ValueKind == JsonValueKind.Null);
    }

    // The soft limit only: it can be raised again.
    private static async Task LimitFilesAsync(RunningProgram program, string most)
    {
        using var limiter = Process.Start("prlimit", ["--pid", program.ProcessId.ToString(CultureInfo.InvariantCulture), $"--nofile={most}:"]);
        await limiter.WaitForExitAsync(TestContext.Current.CancellationToken);
        limiter.ExitCode.ShouldBe(0);
    }

    // By hand: HttpClient says that there is no body, by a length of 0.
    private static async Task<HttpStatusCode> PostAsync(RunningProgram program, Market market)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(program.Gateway.Host, program.Gateway.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {new Uri(market.GatewayUrl).AbsolutePath}/small HTTP/1.1\r\nHost: x\r\nx-api-key: {market.Key}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var answer = await reader.ReadToEndAsync();
        return (HttpStatusCode)int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Reads the head of each request and closes its connection, in good order and without a word.</summary>
    private sealed class SilentUpstream : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;
        private readonly bool _stopsAfterOne;
        private readonly Task _serving;
        private int _received;

        public SilentUpstream(X509Certificate2 certificate, bool stopsAfterOne)
        {
            (_certificate, _stopsAfterOne) = (certificate, stopsAfterOne);
            _listener.Start();
            Address = new Uri($"https://{_listener.LocalEndpoint}");
            _serving = ServeAsync();
        }

        public Uri Address { get; }

        public int Received => Volatile.Read(ref _received);

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync()
        {
            try
            {
                do
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var stream = new SslStream(client.GetStream());
                    await stream.AuthenticateAsServerAsync(_certificate);
                    var head = new StringBuilder();
                    var piece = new byte[4096];
                    while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(piece) is > 0 and var count)
                        head.Append(Encoding.Latin1.GetString(piece, 0, count));
                    if (head.Length == 0)
                        continue;
                    Interlocked.Increment(ref _received);
                    if (_stopsAfterOne)
                        _listener.Stop();
                    await stream.ShutdownAsync();
                }
                while (!_stopsAfterOne);
            }
            catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
