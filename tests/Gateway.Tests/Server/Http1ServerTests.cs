using System.Net.Sockets;
using Tollgate.Gateway.Tests.Listener;

namespace Tollgate.Gateway.Tests.Server;

/// <summary>What the gateway's own HTTP/1.1 server owes its clients, byte by byte.</summary>
public sealed class Http1ServerTests
{
    private const string Key = $"Host: x\r\nx-api-key: {FakeAdmission.Key}\r\n";

    [Fact]
    public async Task RequestsSentAtOnce_AreAnsweredInTheirOrder()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (request, stream, _) => RawUpstream.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {request.Target.Length}\r\n\r\n{request.Target}");
        var requests = string.Concat(Enumerable.Range(0, 20).Select(number => $"GET /acme/weather/{number} HTTP/1.1\r\n{Key}{(number == 19 ? "Connection: close\r\n" : "")}\r\n"));

        var answers = await rig.RawAsync(requests);

        answers.Split("\r\n\r\n").Skip(1).Select(body => body.Split("HTTP/1.1")[0]).ShouldBe(Enumerable.Range(0, 20).Select(number => $"/{number}"));
    }

    [Fact]
    public async Task HeadInPieces_AndEmptyLinesBeforeIt_IsOneRequest()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Address);
        foreach (var piece in new[] { "\r\n\r\nG", "ET /acme/weather/x HTT", "P/1.1\r", "\nHost: x\r\nx-api", $"-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r", "\n" })
            await client.SendAsync(piece);

        (await client.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 200 OK\r\n");
        rig.Upstream.Single.Target.ShouldBe("/x");
    }

    [Theory]
    [InlineData("", "Connection: close\r\n")]
    [InlineData("Connection: keep-alive\r\n", "Connection: keep-alive\r\n")]
    public async Task Http10_IsKeptOnlyWhenItAsks(string asks, string says)
    {
        await using var rig = await GatewayRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"GET /acme/weather/x HTTP/1.0\r\n{Key}{asks}\r\n");

        (await client.ReadUntilAsync("\r\n\r\nok")).ShouldContain(says);
        if (asks.Length == 0)
            (await client.ReadToEndAsync()).ShouldBe("");
        else
        {
            await client.SendAsync($"GET /acme/weather/y HTTP/1.0\r\n{Key}\r\n");
            (await client.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 200 OK\r\n");
        }
    }

    [Fact]
    public async Task Http10_GetsAStreamWithoutChunks_ThatEndsWithItsConnection()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");

        var answer = await rig.RawAsync($"GET /acme/weather/x HTTP/1.0\r\n{Key}Connection: keep-alive\r\n\r\n");

        answer.ShouldNotContain("Transfer-Encoding");
        answer.ShouldContain("Connection: close\r\n");
        answer.ShouldEndWith("\r\n\r\nhello world");
    }

    [Fact]
    public async Task Http10_PostWithoutALength_Is411()
    {
        await using var rig = await GatewayRig.StartAsync();
        (await rig.RawAsync($"POST /acme/weather/x HTTP/1.0\r\n{Key}\r\nabc")).ShouldStartWith("HTTP/1.1 411 Length Required\r\n");
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task StreamInChunks_CarriesItsTrailers()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) =>
            RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Check: 17\r\nSet-Cookie: a=b\r\n\r\n");

        var answer = await rig.RawAsync($"GET /acme/weather/x HTTP/1.1\r\n{Key}Connection: close\r\n\r\n");

        answer.ShouldEndWith("\r\n\r\n0005\r\nhello\r\n0\r\nX-Check: 17\r\n\r\n");
    }

    [Fact]
    public async Task BodyThatNobodyWanted_IsNotTheNextRequest()
    {
        await using var rig = await GatewayRig.StartAsync();
        var body = $"GET /acme/weather/smuggled HTTP/1.1\r\n{Key}\r\n";
        var answers = await rig.RawAsync($"POST /nobody/here HTTP/1.1\r\n{Key}Content-Length: {body.Length}\r\n\r\n{body}GET /acme/weather/next HTTP/1.1\r\n{Key}Connection: close\r\n\r\n");

        answers.ShouldStartWith("HTTP/1.1 404 Not Found\r\n");
        answers.ShouldEndWith("ok");
        rig.Upstream.Single.Target.ShouldBe("/next");
    }

    public static TheoryData<string, string, string> Broken => new(
        from end in new[] { "\r\n0\r\nbad trailer: v\r\n\r\n", "\r\n0\r\nToo-Many\r\n\r\n", "XX\r\n0\r\n\r\n" }
        from target in new[] { "/acme/weather/outer", "/api/v1/hello/echo", "/nobody/here" }
        from start in new[] { "", "\r\n0\r\n\r\n" }
        select (end, target, start));

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task BodyThatIsBroken_IsNotReadAgainAsTheNextRequest(string end, string target, string start)
    {
        if (end.Contains("Too-Many", StringComparison.Ordinal))
            end = $"\r\n0\r\n{string.Concat(Enumerable.Range(0, 65).Select(number => $"t{number}: v\r\n"))}\r\n";
        await using var rig = await GatewayRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST {target} HTTP/1.1\r\n{Key}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n");
        await GatewayRig.EventuallyAsync(() => target != "/acme/weather/outer" || rig.Upstream.Connections > 0);
        await client.SendAsync($"{start}GET /acme/weather/smuggled HTTP/1.1\r\n{Key}\r\n".PadRight(0x400, 'x') + end);
        await client.SendAsync("Y");

        var answers = await client.ReadToEndAsync();

        answers.Split("HTTP/1.1 ").Length.ShouldBe(2, answers);
        rig.Upstream.Received.ShouldNotContain(request => request.Target == "/smuggled");
    }

    [Fact]
    public async Task UploadThatIsRefused_GetsItsWholeRefusal()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync("POST /acme/weather/x HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n");
        var sent = client.SendAsync(new string('a', 16_000_000));

        (await client.ReadUntilAsync("}")).ShouldStartWith("HTTP/1.1 401 Unauthorized\r\n");
        await sent;
    }

    [Fact]
    public async Task BodyThatDoesNotCome_Is408()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:SmallBodySeconds"] = "0.5" });
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync("POST /api/v1/hello/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{");

        (await client.ReadUntilAsync("}")).ShouldStartWith("HTTP/1.1 408 Request Timeout\r\n");
    }

    [Theory]
    [InlineData("x?y=http://x/acme/weather/x")]
    [InlineData("http://x?y=/acme/weather/x")]
    [InlineData("ftp://x/acme/weather/x")]
    public async Task TargetThatOnlyLooksAbsolute_Is400(string target)
    {
        await using var rig = await GatewayRig.StartAsync();
        (await rig.RawAsync($"GET {target} HTTP/1.1\r\n{Key}\r\n")).ShouldStartWith("HTTP/1.1 400 ");
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("5 x\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a=\rb\r\nhello\r\n0\r\n\r\n")]
    public async Task ChunkSizeWithSomethingBehindIt_Is400(string body)
    {
        await using var rig = await GatewayRig.StartAsync();
        (await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\n{Key}Transfer-Encoding: chunked\r\n\r\n{body}")).ShouldStartWith("HTTP/1.1 400 ");
    }

    [Fact]
    public async Task BodyThatWasNotAskedFor_EndsTheConnection()
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"POST /nobody/here HTTP/1.1\r\n{Key}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 404 Not Found\r\n");
        answer.ShouldContain("Connection: close\r\n");
    }

    [Fact]
    public async Task HeadThatDoesNotEnd_Is408()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:HeaderSeconds"] = "0.5" });
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync("GET /acme/weather/x HTTP/1.1\r\nHost:");

        var answer = await client.ReadToEndAsync();

        answer.ShouldStartWith("HTTP/1.1 408 Request Timeout\r\n");
        answer.ShouldContain("\"code\":\"REQUEST_TIMEOUT\"");
    }

    [Fact]
    public async Task ConnectionThatIsNotUsed_IsClosed()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:KeepAliveSeconds"] = "2" });
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\n{Key}\r\n");

        (await client.ReadToEndAsync()).ShouldEndWith("\r\n\r\nok");
    }

    [Fact]
    public async Task ClientThatTakesNothing_IsCutOff()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:SlowClientSeconds"] = "0.5" });
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            var piece = $"400\r\n{new string('a', 1024)}\r\n";
            while (!stop.IsCancellationRequested)
                await RawUpstream.WriteAsync(stream, piece);
        };
        using var client = await RawClient.ConnectAsync(rig.Address, receiveBuffer: 128 * 1024);
        await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\n{Key}\r\n");

        (await rig.EventAsync()).Outcome.ShouldBe(Metering.UsageOutcome.ClientAborted);
    }

    [Fact]
    public async Task TunnelWhoseClientEndsItsSide_StillBringsWhatTheUpstreamSays()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            var buffer = new byte[16];
            while (await stream.ReadAsync(buffer, stop) > 0)
            {
            }
            await RawUpstream.WriteAsync(stream, "last words");
            stream.Socket.Shutdown(SocketShutdown.Both);
        };
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\n{Key}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        await client.SendAsync("bye");
        client.Stream.Socket.Shutdown(SocketShutdown.Send);

        (await client.ReadToEndAsync()).ShouldBe("last words");
    }

    [Fact]
    public async Task LargeAnswers_ToManyClientsAtOnce_ArriveWhole()
    {
        await using var rig = await GatewayRig.StartAsync();
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(number => $"{number:x8}"));
        rig.Upstream.Answer = (request, stream, _) => RawUpstream.WriteAsync(stream, request.Target == "/chunks"
            ? $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n"
            : $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            using var response = await rig.Client.SendAsync(GatewayRig.Call(number % 2 == 0 ? "/chunks" : "/length"));
            (await response.Content.ReadAsStringAsync() == body).ShouldBeTrue();
        }));
    }

    /// <summary>60 KB are read whole and go out from where they are: here the kernel takes a part of them, and the rest waits for the client.</summary>
    [Fact]
    public async Task WholeAnswers_ToAClientThatReadsLate_ArriveWhole()
    {
        const int count = 300;
        await using var rig = await GatewayRig.StartAsync();
        var body = string.Concat(Enumerable.Range(0, 7_500).Select(number => $"{number:x8}"));
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        // Small, whatever the machine's own are: else all of it would fit in, and nothing would have to wait.
        using var client = await RawClient.ConnectAsync(rig.Address, receiveBuffer: 128 * 1024);
        var sending = client.SendAsync(string.Concat(Enumerable.Repeat($"GET /acme/weather/x HTTP/1.1\r\n{Key}\r\n", count - 1)) + $"GET /acme/weather/x HTTP/1.1\r\n{Key}Connection: close\r\n\r\n");
        // As many as the kernel's buffers hold, and one that has to wait.
        for (var before = -1; client.Available == 0 || before != rig.Upstream.Received.Count; before = rig.Upstream.Received.Count, await Task.Delay(300, TestContext.Current.CancellationToken))
        {
        }
        rig.Upstream.Received.Count.ShouldBeLessThan(count);

        var pieces = (await client.ReadToEndAsync()).Split(body);
        await sending;
        pieces.Length.ShouldBe(count + 1);
        pieces[..count].ShouldAllBe(head => head.StartsWith("HTTP/1.1 200 OK\r\n", StringComparison.Ordinal) && head.EndsWith("\r\n\r\n", StringComparison.Ordinal));
        pieces[count].ShouldBeEmpty();
    }
}
