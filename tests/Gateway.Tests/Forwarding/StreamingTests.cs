using System.Net;
using System.Net.WebSockets;
using System.Text;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class StreamingTests
{
    [Fact]
    public async Task ServerSentEvents_ArriveOneByOne_AndAreBegunBeforeTheFirst()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var next = new SemaphoreSlim(0);
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync(stop);
                await RawUpstream.WriteAsync(stream, $"9\r\ndata: {i}\n\n\r\n");
            }
            await next.WaitAsync(stop);
            await RawUpstream.WriteAsync(stream, "0\r\n\r\n");
        };
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/events"), HttpCompletionOption.ResponseHeadersRead);
        rig.Journal.Begun.ShouldBe(1);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var i = 0; i < 3; i++)
        {
            next.Release();
            (await reader.ReadLineAsync()).ShouldBe($"data: {i}");
            (await reader.ReadLineAsync()).ShouldBe("");
            rig.Journal.Events.ShouldBeEmpty();
        }
        next.Release();
        (await reader.ReadToEndAsync()).ShouldBe("");

        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable, usage.Status, usage.BytesOut).ShouldBe((UsageOutcome.Served, true, (short)200, 27));
    }

    [Fact]
    public async Task WebSocket_EchoesBothWays()
    {
        await using var upstream = await WebSocketUpstream.StartAsync();
        await using var rig = await GatewayRig.StartAsync(upstream: upstream.Address);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("x-api-key", FakeAdmission.Key);
        await socket.ConnectAsync(new Uri($"ws://{rig.Address.Authority}/acme/weather/socket"), CancellationToken.None);
        var buffer = new byte[64];
        for (var i = 0; i < 3; i++)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes($"hello {i}"), WebSocketMessageType.Text, true, CancellationToken.None);
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            Encoding.UTF8.GetString(buffer, 0, received.Count).ShouldBe($"hello {i}");
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        var usage = await rig.EventAsync();
        usage.Status.ShouldBe((short)101);
        usage.Billable.ShouldBeTrue();
        usage.BytesIn.ShouldBeGreaterThan(21);
        usage.BytesOut.ShouldBeGreaterThan(21);
        upstream.KeySeen.ShouldBeFalse();
    }

    [Fact]
    public async Task TenMegabytes_BothWays_PassWholeAndAreCounted()
    {
        await using var rig = await GatewayRig.StartAsync();
        var bytes = new byte[10 * 1024 * 1024];
        Random.Shared.NextBytes(bytes);
        rig.Upstream.Answer = async (request, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {request.Body.Length}\r\n\r\n");
            await stream.WriteAsync(request.Body, stop);
        };
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/up", HttpMethod.Put, new ByteArrayContent(bytes)));
        (await response.Content.ReadAsByteArrayAsync()).SequenceEqual(bytes).ShouldBeTrue();
        rig.Upstream.Single.Body.SequenceEqual(bytes).ShouldBeTrue();

        var usage = await rig.EventAsync();
        (usage.BytesIn, usage.BytesOut, usage.Outcome).ShouldBe((bytes.Length, bytes.Length, UsageOutcome.Served));
        rig.Admission.Settled.ShouldHaveSingleItem().ShouldBe(new MeterAmount(Meter.BytesOut.Code, bytes.Length));
    }

    [Fact]
    public async Task Upload_ReachesTheUpstreamBeforeItIsWhole()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        var first = new TaskCompletionSource<string>();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            var buffer = new byte[64];
            var count = await stream.ReadAsync(buffer, stop);
            first.TrySetResult(Encoding.ASCII.GetString(buffer, 0, count));
            (await stream.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, stop)).ShouldBePositive();
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        };
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST /acme/weather/up HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nContent-Length: 10\r\nConnection: close\r\n\r\nfirst");
        (await first.Task.WaitAsync(TimeSpan.FromSeconds(60))).ShouldContain("first");
        await client.SendAsync("again");
        (await client.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 201");
    }

    [Fact]
    public async Task ChunkedUpload_PassesWhole()
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"POST /acme/weather/up HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n");
        answer.ShouldStartWith("HTTP/1.1 200");
        Encoding.ASCII.GetString(rig.Upstream.Single.Body).ShouldBe("hello world");
        (await rig.EventAsync()).BytesIn.ShouldBe(11);
    }

    [Fact]
    public async Task ExpectContinue_IsAnsweredAndTheBodyPasses()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST /acme/weather/up HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
        (await client.ReadUntilAsync("\r\n\r\n")).ShouldStartWith("HTTP/1.1 100");
        await client.SendAsync("body");
        (await client.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 200");
        Encoding.ASCII.GetString(rig.Upstream.Single.Body).ShouldBe("body");
    }

    [Theory]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", "204")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 12\r\n\r\n", "304")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n", "200")]
    [InlineData("GET", "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 3\r\n\r\ntea", "418")]
    [InlineData("GET", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "500")]
    [InlineData("GET", "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/\r\nContent-Length: 0\r\n\r\n", "302")]
    public async Task WholeAnswers_PassUnchangedInOneRecord(string method, string answer, string status)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, answer);
        var received = await rig.RawAsync($"{method} /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n");

        received.ShouldStartWith($"HTTP/1.1 {status}");
        if (method == "HEAD")
            received.ShouldContain("Content-Length: 123456");
        if (status == "418")
            received.ShouldEndWith("\r\n\r\ntea");
        var usage = await rig.EventAsync();
        (usage.Status.ToString(), usage.Outcome, usage.Billable).ShouldBe((status, UsageOutcome.Served, true));
        rig.Journal.Begun.ShouldBe(0);
    }

    [Fact]
    public async Task OpenStream_KeyRevoked_EndsWithin5Seconds()
    {
        var clock = new TestKit.ManualClock();
        await using var rig = await GatewayRig.StartAsync(clock: clock);
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
            await Task.Delay(Timeout.Infinite, stop);
        };
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
        await client.ReadUntilAsync("ab\r\n");
        await GatewayRig.EventuallyAsync(() => rig.Get<LiveCalls>().Count == 1);
        rig.Admission.Ended = true;
        clock.Advance(TimeSpan.FromSeconds(5));
        await client.ReadToEndAsync();

        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable, usage.BytesOut).ShouldBe((UsageOutcome.Interrupted, true, 2));
    }

    [Fact]
    public async Task OpenStream_EveryTenSeconds_LeavesACheckpointWithTheBytesSoFar()
    {
        var clock = new TestKit.ManualClock();
        await using var rig = await GatewayRig.StartAsync(clock: clock);
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
            await Task.Delay(Timeout.Infinite, stop);
        };
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
        await client.ReadUntilAsync("ab\r\n");
        await GatewayRig.EventuallyAsync(() => rig.Get<LiveCalls>().Count == 1);
        clock.Advance(TimeSpan.FromSeconds(10));
        rig.Journal.Checkpoints.ShouldHaveSingleItem().ShouldBe(2);
    }
}
