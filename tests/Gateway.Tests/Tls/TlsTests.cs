using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Tests.Forwarding;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Tls;
using Tollgate.TestKit;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Tls;

/// <summary>TLS in the gateway's listener, with real clients.</summary>
public sealed class TlsTests
{
    public static TheoryData<string> Versions => ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Call_IsServedInTheVersionThatIsAgreedOn_AndTheUpstreamHearsHttps(string version)
    {
        await using var rig = await SecureRig.StartAsync();
        using var http = rig.Client(Version.Parse(version));
        for (var i = 0; i < 3; i++)
        {
            using var response = await SecureRig.SendAsync(http, GatewayRig.Call("/x?q=%2F"));
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Version.ShouldBe(Version.Parse(version));
            (await response.Content.ReadAsStringAsync()).ShouldBe("ok");
            response.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
        }
        rig.Inner.Upstream.Received.ShouldAllBe(request => request.Header("X-Forwarded-Proto") == "https" && request.Target == "/x?q=%2F");
        await GatewayRig.EventuallyAsync(() => rig.Inner.Journal.Events.Count == 3);
        (rig.Inner.Get<Handshakes>().Succeeded, rig.Inner.Get<Handshakes>().InProgress).ShouldBe((1, 0));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Stream_ArrivesPieceByPiece(string version)
    {
        await using var rig = await SecureRig.StartAsync();
        using var next = new SemaphoreSlim(0);
        rig.Inner.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync(stop);
                await RawUpstream.WriteAsync(stream, $"9\r\ndata: {i}\n\n\r\n");
            }
            await RawUpstream.WriteAsync(stream, "0\r\nX-Check: 17\r\n\r\n");
        };
        using var http = rig.Client(Version.Parse(version));
        using var response = await SecureRig.SendAsync(http, GatewayRig.Call("/events"));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var i = 0; i < 3; i++)
        {
            next.Release();
            (await reader.ReadLineAsync()).ShouldBe($"data: {i}");
            (await reader.ReadLineAsync()).ShouldBe("");
        }
        (await reader.ReadToEndAsync()).ShouldBe("");
        response.TrailingHeaders.Select(trailer => (trailer.Key, string.Join(',', trailer.Value))).ShouldBe([(version == "2.0" ? "x-check" : "X-Check", "17")]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Upload_ArrivesWhole(string version)
    {
        await using var rig = await SecureRig.StartAsync();
        var body = RandomNumberGenerator.GetBytes(200_000);
        using var http = rig.Client(Version.Parse(version));
        using var response = await SecureRig.SendAsync(http, GatewayRig.Call("/x", HttpMethod.Post, new ByteArrayContent(body)));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        rig.Inner.Upstream.Single.Body.ShouldBe(body);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task AClientThatLeavesItsStream_EndsTheCall(string version)
    {
        await using var rig = await SecureRig.StartAsync();
        rig.Inner.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
            await Task.Delay(Timeout.Infinite, stop);
        };
        using (var http = rig.Client(Version.Parse(version)))
        using (var response = await SecureRig.SendAsync(http, GatewayRig.Call("/x")))
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            (await body.ReadAsync(new byte[10])).ShouldBe(2);
        }
        var usage = await rig.Inner.EventAsync();
        (usage.Outcome, usage.Billable, usage.BytesOut).ShouldBe((UsageOutcome.ClientAborted, true, 2));
    }

    [Fact]
    public async Task AWebSocket_EchoesBothWays()
    {
        await using var upstream = await WebSocketUpstream.StartAsync();
        await using var rig = await SecureRig.StartAsync(upstream: upstream.Address);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("x-api-key", FakeAdmission.Key);
        socket.Options.RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null;
        await socket.ConnectAsync(new Uri($"wss://{rig.Inner.Address.Authority}/acme/weather/socket"), CancellationToken.None);
        await socket.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary, true, CancellationToken.None);
        var buffer = new byte[8];
        (await socket.ReceiveAsync(buffer, CancellationToken.None)).Count.ShouldBe(3);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        (await rig.Inner.EventAsync()).Status.ShouldBe((short)101);
    }

    [Fact]
    public async Task AfterTheHandshake_CallsStayOnTheEventLoop()
    {
        await using var rig = await SecureRig.StartAsync();
        using var http = rig.Client(HttpVersion.Version11);
        using (await SecureRig.SendAsync(http, GatewayRig.Call("/x")))
        {
        }
        var onLoop = new System.Collections.Concurrent.ConcurrentQueue<bool>();
        rig.Inner.Journal.Before = () => onLoop.Enqueue(EventLoop.Current is not null);
        for (var i = 0; i < 5; i++)
            (await SecureRig.SendAsync(http, GatewayRig.Call("/x"))).Dispose();
        onLoop.ShouldBe([true, true, true, true, true]);
    }

    [Theory]
    [InlineData("GET /acme/weather/x HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\0\0\0\0")]
    [InlineData("\x16\x03\x01\xff\xff")]
    public async Task AnythingElseThanTls_IsClosed_AndOthersAreServedOn(string sent)
    {
        await using var rig = await SecureRig.StartAsync();
        using (var client = await RawClient.ConnectAsync(rig.Inner.Address))
        {
            await client.SendAsync(sent + new string('x', 70_000));
            (await client.ReadToEndAsync()).ShouldNotStartWith("HTTP/1.1 2");
        }
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        await GatewayRig.EventuallyAsync(() => rig.Inner.Get<Handshakes>() is { Failed: 1, InProgress: 0 });
        rig.Inner.Upstream.Received.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(0x0301, false)]
    [InlineData(0x0302, false)]
    [InlineData(0x0303, true)]
    public async Task VersionsBefore1_2_AreRefused(int version, bool taken)
    {
        await using var rig = await SecureRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Inner.Address);
        await client.Stream.WriteAsync(ClientHello(version));
        var first = new byte[1];
        // 22: a handshake goes on. 21: an alert. Or nothing but the end.
        var read = await client.Stream.ReadAsync(first);
        (read == 1 && first[0] == 22).ShouldBe(taken);
        // The library may refuse them by itself; that is not for it to decide.
        rig.Inner.Get<ServerCertificate>().Options.EnabledSslProtocols.ShouldBe(SslProtocols.Tls12 | SslProtocols.Tls13);
    }

    [Theory]
    [InlineData(0xc02b, true)] // ECDHE, AES-128-GCM
    [InlineData(0xc006, false)] // no encryption
    [InlineData(0xc007, false)] // RC4
    [InlineData(0xc008, false)] // 3DES
    [InlineData(0xc018, false)] // nobody's certificate
    [InlineData(0x002f, false)] // no forward secrecy
    public async Task SuitesThatAreWeak_AreRefused(int suite, bool taken)
    {
        await using var rig = await SecureRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Inner.Address);
        await client.Stream.WriteAsync(ClientHello(0x0303, suite));
        var first = new byte[1];
        var read = await client.Stream.ReadAsync(first);
        (read == 1 && first[0] == 22).ShouldBe(taken);
    }

    [Fact]
    public async Task TooManyHandshakes_AreClosedAtOnce_UntilOneHasEnded()
    {
        await using var rig = await SecureRig.StartAsync(settings: ("Gateway:Tls:MaxHandshakes", "1"));
        using (var begun = await RawClient.ConnectAsync(rig.Inner.Address))
        {
            await begun.Stream.WriteAsync(ClientHello(0x0303).AsMemory(0, 1));
            await GatewayRig.EventuallyAsync(() => rig.Inner.Get<Handshakes>().InProgress == 1);
            await Should.ThrowAsync<HttpRequestException>(rig.CallAnewAsync);
            rig.Inner.Get<Handshakes>().Refused.ShouldBeGreaterThan(0);
        }
        await GatewayRig.EventuallyAsync(() => rig.Inner.Get<Handshakes>().InProgress == 0);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task HandshakesThatAreNotEnded_TakeAShareOfThePlaces_AndLeaveTheOthersTheRest()
    {
        await using var rig = await SecureRig.StartAsync(certificate: null, clock: null, upstream: null, ("Gateway:Tls:MaxHandshakes", "8"), ("Gateway:Tls:MaxHandshakesPerAddress", "4"), ("Gateway:Tls:HandshakeSeconds", "60"));
        var stranger = IPAddress.Parse("127.0.0.9");
        var begun = new List<Socket>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                begun.Add(socket);
                socket.Bind(new IPEndPoint(stranger, 0));
                await socket.ConnectAsync(rig.Inner.Address.Host, rig.Inner.Address.Port);
                await socket.SendAsync(ClientHello(0x0303).AsMemory(0, 1));
            }
            await GatewayRig.EventuallyAsync(() => rig.Inner.Get<Handshakes>() is { InProgress: 4, Refused: 16 });
            for (var i = 0; i < 5; i++)
                (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        }
        finally
        {
            begun.ForEach(socket => socket.Dispose());
        }
        await GatewayRig.EventuallyAsync(() => rig.Inner.Get<Handshakes>().InProgress == 0);
    }

    [Fact]
    public void Places_AShareForEachNetwork_AndNoneForATrustedProxy()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:Tls:MaxHandshakes"] = "5",
            ["Gateway:Tls:MaxHandshakesPerAddress"] = "1",
            ["Proxy:Trusted"] = "192.0.2.1",
        }).Build();
        var places = new HandshakePlaces(new TlsOptions(configuration), new ClientAddress(configuration));
        var taken = new[] { "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "198.51.100.1", "::ffff:198.51.100.1", "::ffff:198.51.100.2", "192.0.2.1", "192.0.2.1" }
            .Select(text => (Text: text, Taken: places.TryTake(IPAddress.Parse(text)))).ToList();
        taken.Where(one => one.Taken).Select(one => one.Text).ShouldBe(["2001:db8::1", "2001:db8:0:1::1", "198.51.100.1", "::ffff:198.51.100.2", "192.0.2.1"]);
        foreach (var (text, _) in taken.Where(one => one.Taken))
            places.GiveBack(IPAddress.Parse(text));
        places.Taken.ShouldBe(0);
        places.TryTake(IPAddress.Parse("2001:db8::2")).ShouldBeTrue();
        places.TryTake(IPAddress.Parse("192.0.2.1")).ShouldBeTrue();
        places.TryTake(IPAddress.Parse("192.0.2.1")).ShouldBeTrue();
    }

    [Fact]
    public async Task ConnectionsThatSayNothing_TakeNoPlaceOfAHandshake_AndAreClosed()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var rig = await SecureRig.StartAsync(certificate: null, clock, upstream: null, ("Gateway:Tls:MaxHandshakes", "1"));
        using var first = await RawClient.ConnectAsync(rig.Inner.Address);
        using var second = await RawClient.ConnectAsync(rig.Inner.Address);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Inner.Get<Handshakes>().Refused.ShouldBe(0);

        clock.Advance(Handshakes.LongestSilence);
        (await first.ReadToEndAsync()).ShouldBeEmpty();
        (await second.ReadToEndAsync()).ShouldBeEmpty();
        rig.Inner.Get<Handshakes>().Failed.ShouldBe(2);
    }

    [Fact]
    public async Task AHandshakeThatIsNotEnded_IsEndedByTheGateway()
    {
        await using var rig = await SecureRig.StartAsync(settings: ("Gateway:Tls:HandshakeSeconds", "1"));
        using var client = await RawClient.ConnectAsync(rig.Inner.Address);
        await client.Stream.WriteAsync(ClientHello(0x0303));
        // Reads what the server says to it, and then its end.
        await client.ReadToEndAsync();
        await GatewayRig.EventuallyAsync(() => rig.Inner.Get<Handshakes>() is { Failed: 1, InProgress: 0 });
    }

    // Of one version alone, with suites that it knows and this server has, or with these.
    private static byte[] ClientHello(int version, params int[] suites)
    {
        if (suites.Length == 0)
            suites = [0xc02b, 0xc009, 0xc00a];
        byte[] extensions =
        [
            0, 10, 0, 4, 0, 2, 0, 23,
            0, 11, 0, 2, 1, 0,
            .. version < 0x0303 ? (byte[])[] : [0, 13, 0, 4, 0, 2, 4, 3],
        ];
        byte[] body =
        [
            (byte)(version >> 8), (byte)version, .. RandomNumberGenerator.GetBytes(32), 0,
            0, (byte)(2 * suites.Length), .. suites.SelectMany(suite => new[] { (byte)(suite >> 8), (byte)suite }),
            1, 0,
            (byte)(extensions.Length >> 8), (byte)extensions.Length, .. extensions,
        ];
        byte[] handshake = [1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];
        return [22, 3, 1, (byte)(handshake.Length >> 8), (byte)handshake.Length, .. handshake];
    }
}
