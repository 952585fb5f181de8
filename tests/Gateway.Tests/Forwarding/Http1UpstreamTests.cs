using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>What an upstream that speaks HTTP/1.1 may do, and what it may not.</summary>
public sealed class Http1UpstreamTests
{
    private static readonly string Head = $"Host: x\r\nx-api-key: {FakeAdmission.Key}\r\n";

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Name : a\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Bare: a\nX-Inner: b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 99 Low\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")]
    public async Task AnswerThatCouldBeReadInTwoWays_Is502AndGivenBack(string answer)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, answer);
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.BadGateway, "UPSTREAM_UNREACHABLE");
        rig.Admission.Taken.ShouldBe(0);
    }

    [Theory]
    [InlineData("Z\r\nab\r\n0\r\n\r\n")]
    [InlineData("2\nab\r\n0\r\n\r\n")]
    [InlineData("2\r\nabc\r\n0\r\n\r\n")]
    [InlineData("-2\r\nab\r\n0\r\n\r\n")]
    public async Task BrokenChunksOfAnAnswer_TheClientSeesTheBreak(string chunks)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        var answer = await rig.RawAsync($"GET /acme/weather/x HTTP/1.1\r\n{Head}\r\n");
        answer.ShouldNotEndWith("0\r\n\r\n");
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.UpstreamFailed);
    }

    [Fact]
    public async Task BytesAfterAnAnswer_AreNoAnswerToTheNextCall()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (request, stream, _) => RawUpstream.WriteAsync(stream,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (request.Target == "/first" ? "okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake" : "ok"));
        (await (await rig.Client.SendAsync(GatewayRig.Call("/first"))).Content.ReadAsStringAsync()).ShouldBe("ok");
        (await (await rig.Client.SendAsync(GatewayRig.Call("/second"))).Content.ReadAsStringAsync()).ShouldBe("ok");
    }

    [Fact]
    public async Task ConnectionThatTheUpstreamClosedMeanwhile_TheCallIsSentAgain()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, _) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            // Without a word: the gateway thinks that it can be used again.
            stream.Close();
        };
        for (var i = 0; i < 20; i++)
            (await rig.Client.SendAsync(GatewayRig.Call("/x"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        rig.Journal.Events.Count.ShouldBe(20);
    }

    [Fact]
    public async Task UpstreamAnswersBeforeItHasTheWholeBody_TheAnswerPasses()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST /acme/weather/x HTTP/1.1\r\n{Head}Content-Length: 100\r\n\r\nonly this");
        (await client.ReadUntilAsync("no")).ShouldStartWith("HTTP/1.1 413");
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.Served);
    }

    [Fact]
    public async Task UpstreamRefusesToContinue_TheBodyIsNotSent()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 417 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST /acme/weather/x HTTP/1.1\r\n{Head}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        (await client.ReadUntilAsync("no")).ShouldStartWith("HTTP/1.1 417");
    }

    [Fact]
    public async Task UpstreamRefusesToContinueAndStays_ItsConnectionIsNotUsedAgain()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno");
        using (var client = await RawClient.ConnectAsync(rig.Address))
        {
            await client.SendAsync($"POST /acme/weather/first HTTP/1.1\r\n{Head}Content-Length: 400\r\nExpect: 100-continue\r\n\r\n");
            await client.ReadUntilAsync("no");
        }
        // An upstream that still waited for 400 bytes would take this for them.
        rig.Upstream.ReadBody = true;
        (await rig.Client.SendAsync(GatewayRig.Call("/second"))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        rig.Upstream.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task BrokenChunksWhileTheAnswerIsAwaited_AreTheClients()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        rig.Upstream.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST /acme/weather/x HTTP/1.1\r\n{Head}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        await GatewayRig.EventuallyAsync(() => !rig.Upstream.Received.IsEmpty);
        await client.SendAsync("ZZ\r\n");
        (await client.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 400");
        (await rig.EventAsync()).Billable.ShouldBeTrue();
    }

    [Fact]
    public async Task InformationalAnswers_AreReadPast()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream,
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        (await (await rig.Client.SendAsync(GatewayRig.Call("/x"))).Content.ReadAsStringAsync()).ShouldBe("ok");
    }

    [Fact]
    public async Task ClientTrailers_ReachTheUpstream()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        var seen = new TaskCompletionSource<string>();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            var text = new StringBuilder();
            var buffer = new byte[256];
            while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                text.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, stop)));
            seen.SetResult(text.ToString());
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        };
        await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\n{Head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 12\r\n\r\n");
        (await seen.Task).ShouldEndWith("2\r\nab\r\n0\r\nX-Sum: 12\r\n\r\n");
    }

    [Fact]
    public async Task Http2Client_IsServedAndGetsTheTrailers()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:Url"] = "h2c://127.0.0.1:0" });
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 12\r\nSet-Cookie: no=1\r\n\r\n");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(rig.Address, "/acme/weather/x"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("body"),
        };
        request.Headers.Add("x-api-key", FakeAdmission.Key);
        using var response = await rig.Client.SendAsync(request);

        response.Version.ShouldBe(HttpVersion.Version20);
        (await response.Content.ReadAsStringAsync()).ShouldBe("ok");
        response.TrailingHeaders.GetValues("X-Sum").ShouldBe(["12"]);
        response.TrailingHeaders.Contains("Set-Cookie").ShouldBeFalse();
        Encoding.ASCII.GetString(rig.Upstream.Single.Body).ShouldBe("body");
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.Served);
    }

    [Fact]
    public async Task Http2ClientResetsItsStream_TheUpstreamIsLetGo()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:Url"] = "h2c://127.0.0.1:0" });
        var arrived = new TaskCompletionSource();
        rig.Upstream.Answer = (_, _, stop) =>
        {
            arrived.TrySetResult();
            return Task.Delay(Timeout.Infinite, stop);
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(rig.Address, "/acme/weather/x")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add("x-api-key", FakeAdmission.Key);
        using var leaves = new CancellationTokenSource();
        var sending = rig.Client.SendAsync(request, leaves.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await leaves.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => sending);
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.ClientAborted);
    }

    [Fact]
    public async Task LowerCaseMethod_IsSignedAsItIsSent()
    {
        await using var rig = await GatewayRig.StartAsync();
        await rig.RawAsync($"get /acme/weather/x HTTP/1.1\r\n{Head}Connection: close\r\n\r\n");

        var request = rig.Upstream.Single;
        request.RequestLine.ShouldBe("get /x HTTP/1.1");
        var parts = request.Header("X-Tollgate-Signature")!.Split(',').ToDictionary(part => part.Split('=')[0], part => part.Split('=')[1], StringComparer.Ordinal);
        var text = $"{parts["t"]}.get./x.{request.Header("X-Request-Id")}.{request.Header("X-Tollgate-Subscription")}";
        parts["v1"].ShouldBe(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(GatewayRig.Secret), Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public async Task UploadOfARevokedKey_EndsBeforeItIsAnswered()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.ReadBody = false;
        rig.Upstream.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        using var client = await RawClient.ConnectAsync(rig.Address);
        await client.SendAsync($"POST /acme/weather/x HTTP/1.1\r\n{Head}Content-Length: 100\r\nConnection: close\r\n\r\nsome");
        await GatewayRig.EventuallyAsync(() => !rig.Upstream.Received.IsEmpty);
        rig.Admission.Ended = true;
        (await client.ReadToEndAsync()).ShouldContain("CALL_ENDED");
        (await rig.EventAsync()).Billable.ShouldBeFalse();
        rig.Admission.Taken.ShouldBe(0);
    }
}
