using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Foundation;
using Tollgate.Gateway.Tests.Listener;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("x-api-key: KEY")]
    [InlineData("Authorization: Bearer KEY")]
    [InlineData("Authorization: bearer  KEY")]
    [InlineData("x-api-key: KEY\r\nAuthorization: Bearer KEY")]
    [InlineData("x-api-key: KEY\r\nX-Tollgate-Key: KEY")]
    [InlineData("x-api-key: KEY\r\nAuthorization: KEY")]
    [InlineData("x-api-key: KEY\r\nAuthorization: Basic KEY")]
    [InlineData("x-api-key: KEY\r\nAuthorization: Basic eDp5\r\nAuthorization: Bearer KEY")]
    [InlineData("x-api-key: KEY\r\nX_Api_Key: KEY")]
    public async Task Call_KeyInAnyPlace_NeverReachesTheUpstream(string headers)
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await CallAsync(rig, headers.Replace("KEY", FakeAdmission.Key, StringComparison.Ordinal));

        answer.ShouldStartWith("HTTP/1.1 200");
        rig.Upstream.Single.Head.ShouldNotContain(FakeAdmission.Key);
    }

    [Theory]
    [InlineData("x-api-key: KEY\r\nAuthorization: Basic dXA6c3RyZWFt", "Authorization", "Basic dXA6c3RyZWFt")]
    [InlineData("x-api-key: KEY\r\nAuthorization: Bearer upstream-token", "Authorization", "Bearer upstream-token")]
    [InlineData("Authorization: Bearer KEY\r\nx-api-key: upstream-key", "x-api-key", "upstream-key")]
    public async Task Call_UpstreamsOwnCredentialInTheOtherHeader_PassesOn(string headers, string name, string value)
    {
        await using var rig = await GatewayRig.StartAsync();
        (await CallAsync(rig, headers.Replace("KEY", FakeAdmission.Key, StringComparison.Ordinal))).ShouldStartWith("HTTP/1.1 200");
        rig.Upstream.Single.Header(name).ShouldBe(value);
    }

    [Theory]
    [InlineData("tg_access=secret; theirs=1; tg_csrf=secret;tg_refresh=secret; b=2", "theirs=1; b=2")]
    [InlineData("tg_access=secret", null)]
    [InlineData("__Host-tg_access=secret; __Host-theirs=1;__Host-tg_refresh=secret", "__Host-theirs=1")]
    [InlineData("theirs=tg_access; b=2", "theirs=tg_access; b=2")]
    public async Task Call_PortalsSessionInCookies_StaysHere(string cookies, string? kept)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: tg_access=forged; Domain=example.com\r\nSet-Cookie: theirs=2; Path=/\r\nSet-Cookie: tg_csrf=forged\r\nSet-Cookie: __Host-tg_access=forged; Path=/; Secure\r\n\r\n");
        var answer = await CallAsync(rig, $"x-api-key: {FakeAdmission.Key}\r\nCookie: {cookies}");

        rig.Upstream.Single.Header("Cookie").ShouldBe(kept);
        answer.ShouldContain("Set-Cookie: theirs=2; Path=/");
        answer.ShouldNotContain("forged");
    }

    [Fact]
    public async Task Call_HeadersThatOnlyTheGatewayMaySay_AreReplaced()
    {
        await using var rig = await GatewayRig.StartAsync();
        await CallAsync(rig, $"x-api-key: {FakeAdmission.Key}\r\nX-Tollgate-Subscription: forged\r\nX_Tollgate_Plan: forged\r\nX-Tollgate-Signature: forged\r\nX-Tollgate-New: forged\r\n"
            + "X-Request-Id: forged-forged\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Upstream-Secret: forged\r\nX-Kept: yes");

        var request = rig.Upstream.Single;
        request.Head.ShouldNotContain("forged");
        request.Head.ShouldNotContain("6.6.6.6");
        request.Header("X-Kept").ShouldBe("yes");
        request.Header("X-Forwarded-For").ShouldBe("127.0.0.1");
        request.Header("X-Forwarded-Proto").ShouldBe("http");
        request.Header("X-Forwarded-Host").ShouldBe("gate.test");
        request.Header("Host").ShouldBe(rig.Upstream.Address.Authority);
        request.Headers("X-Upstream-Secret").ShouldBe(["s3cret"]);
        request.Header("X-Tollgate-Subscription").ShouldBe(TypeId.Format("sub", FakeAdmission.Subscription));
        request.Header("X-Tollgate-Plan").ShouldBe(TypeId.Format("plan", FakeAdmission.Subscription));
    }

    [Fact]
    public async Task Call_HopByHopHeaders_StayAtTheHop()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nX-Outer: a\r\nX-Outer: b\r\nServer: theirs\r\n\r\nok");
        // HTTP/1.0 closes by itself.
        var answer = await rig.RawAsync($"GET /acme/weather/x HTTP/1.0\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: X-Nominated, X-Tollgate-Plan\r\n"
            + "X-Nominated: 1\r\nKeep-Alive: 3\r\nProxy-Authorization: Basic x\r\nTE: gzip\r\n\r\n");

        var head = rig.Upstream.Single.Head;
        foreach (var name in new[] { "X-Nominated", "Keep-Alive", "Proxy-Authorization", "TE: gzip" })
            head.ShouldNotContain(name, Case.Insensitive);
        head.ShouldContain("X-Tollgate-Plan: plan_");
        answer.ShouldNotContain("X-Inner", Case.Insensitive);
        answer.ShouldNotContain("Proxy-Authenticate", Case.Insensitive);
        answer.ShouldNotContain("Keep-Alive", Case.Insensitive);
        answer.ShouldContain("Server: theirs");
        answer.ShouldContain("X-Outer: a");
        answer.ShouldContain("X-Outer: b");
    }

    [Fact]
    public async Task Call_Signature_VerifiesAsTheGuideSays()
    {
        await using var rig = await GatewayRig.StartAsync(basePath: "/base");
        (await rig.Client.SendAsync(GatewayRig.Call("/a%2Fb?c=d", HttpMethod.Post, new StringContent("x")))).StatusCode.ShouldBe(HttpStatusCode.OK);

        var request = rig.Upstream.Single;
        var parts = request.Header("X-Tollgate-Signature")!.Split(',').ToDictionary(part => part.Split('=')[0], part => part.Split('=')[1], StringComparer.Ordinal);
        var text = $"{parts["t"]}.POST./base/a%2Fb?c=d.{request.Header("X-Request-Id")}.{request.Header("X-Tollgate-Subscription")}";
        parts["v1"].ShouldBe(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(GatewayRig.Secret), Encoding.UTF8.GetBytes(text))));
        Math.Abs(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - long.Parse(parts["t"])).ShouldBeLessThan(120);
    }

    [Fact]
    public async Task Call_TrustedProxy_NamesTheClient()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Proxy:Trusted"] = "127.0.0.0/8" });
        await CallAsync(rig, $"x-api-key: {FakeAdmission.Key}\r\nX-Forwarded-For: 1.2.3.4, 9.8.7.6, 127.0.0.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: api.acme.test");

        var request = rig.Upstream.Single;
        request.Header("X-Forwarded-For").ShouldBe("9.8.7.6");
        request.Header("X-Forwarded-Proto").ShouldBe("https");
        request.Header("X-Forwarded-Host").ShouldBe("api.acme.test");
        ((uint)((await rig.EventAsync()).ClientAddress & uint.MaxValue)).ShouldBe(0x09080706u);
    }

    [Fact]
    public async Task Call_TraceContext_IsContinuedOrStarted()
    {
        await using var rig = await GatewayRig.StartAsync();
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        await CallAsync(rig, $"x-api-key: {FakeAdmission.Key}\r\ntraceparent: 00-{Trace}-b7ad6b7169203331-01\r\ntracestate: a=b");
        await CallAsync(rig, $"x-api-key: {FakeAdmission.Key}\r\ntraceparent: 00-{new string('0', 32)}-b7ad6b7169203331-01\r\ntracestate: a=b");

        var (first, second) = (rig.Upstream.Received.First(), rig.Upstream.Received.Last());
        first.Header("traceparent")!.ShouldMatch($"^00-{Trace}-(?!b7ad6b7169203331)[0-9a-f]{{16}}-01$");
        first.Header("tracestate").ShouldBe("a=b");
        second.Header("traceparent")!.ShouldMatch("^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$");
        second.Header("tracestate").ShouldBeNull();
    }

    [Fact]
    public async Task Call_HeaderValueOutsideAscii_PassesByteForByte()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nX-Bytes: \u00e9\u00ff\r\nContent-Length: 0\r\n\r\n");
        var answer = await CallAsync(rig, $"x-api-key: {FakeAdmission.Key}\r\nX-Name: caf\u00c3\u00a9");
        rig.Upstream.Single.Header("X-Name").ShouldBe("caf\u00c3\u00a9");
        answer.ShouldContain("X-Bytes: \u00e9\u00ff");
    }

    private static Task<string> CallAsync(GatewayRig rig, string headers) =>
        rig.RawAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: gate.test\r\nConnection: close\r\n{headers}\r\n\r\n");
}
