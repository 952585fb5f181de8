using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>An upstream behind real TLS, whose certificate this machine trusts or does not: calls go out by another client than those in clear.</summary>
[Collection(SharedProgram.Name)]
public sealed class SecureUpstreamTests(SharedProgram shared)
{
    [Fact(Timeout = 120_000)]
    public async Task UpstreamWithTls_IsCalledOverHttp2SignedStreamedAndRecordedOnce()
    {
        using var certificate = shared.Trusted.ForServer();
        await using var upstream = await FakeUpstream.StartAsync(certificate);
        var program = shared.Program;
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 6));
        using var http = RunningProgram.NewClient(program.Gateway);

        (await TextAsync(http, market.Call("/protocol"))).ShouldBe("HTTP/2");
        (await TextAsync(http, market.Call("/small?q=%2F"))).ShouldBe("hello world");
        (await TextAsync(http, market.Call("/stream?events=3"))).ShouldBe("data: 0\n\ndata: 1\n\ndata: 2\n\n");
        var upload = market.Call("/echo");
        (upload.Method, upload.Content) = (HttpMethod.Post, new ByteArrayContent(new byte[200_000]));
        (await TextAsync(http, upload)).Length.ShouldBe(200_000);
        using (var missing = await http.SendAsync(market.Call("/status/404"), TestContext.Current.CancellationToken))
            missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.SendAsync(market.Call("/small"), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.SendAsync(market.Call("/small"), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);

        var (target, headers) = upstream.Received.ElementAt(1);
        target.ShouldBe("/small?q=%2F");
        headers.Values.ShouldNotContain(value => value.Contains(market.Key, StringComparison.Ordinal));
        headers["X-Tollgate-Subscription"].ShouldBe(market.SubscriptionId);
        headers["X-Tollgate-Signature"].ShouldMatch("^t=[0-9]+,v1=[0-9a-f]{64}$");
        (await market.SettledRequestsAsync(program, 6)).ShouldBe(6);
        (await market.RequestLogAsync()).Select(row => row.GetProperty("status").GetInt32()).ShouldBe([429, 200, 404, 200, 200, 200, 200]);
    }

    [Fact(Timeout = 120_000)]
    public async Task UpstreamWhoseCertificateIsNotTrusted_Is502AndNotCounted()
    {
        using var certificate = TestCertificate.Create().ForServer();
        await using var upstream = await FakeUpstream.StartAsync(certificate);
        var program = shared.Program;
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 6));
        using var http = RunningProgram.NewClient(program.Gateway);

        using var response = await http.SendAsync(market.Call("/small"), TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("UPSTREAM_UNREACHABLE");
        response.Headers.GetValues("X-RateLimit-Limit").ShouldBe(["6"]);
        upstream.Received.ShouldBeEmpty();
        (await market.SettledRequestsAsync(program, 0)).ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task TargetsWithTlsAndInClear_StandInForEachOtherWhereThatIsSafe()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var certificate = shared.Trusted.ForServer();
        using var unknown = TestCertificate.Create().ForServer();
        await using var secure = await FakeUpstream.StartAsync(certificate, HttpProtocols.Http1);
        await using var plain = await FakeUpstream.StartAsync();
        await using var untrusted = await FakeUpstream.StartAsync(unknown);
        var program = shared.Program;
        using var market = await Market.OpenAsync(program, secure.Address, Market.Deny("month", 1000));
        using var http = RunningProgram.NewClient(program.Gateway);
        await market.SetUpstreamsAsync(new
        {
            targets = new[] { new { url = secure.Address }, new { url = plain.Address }, new { url = untrusted.Address } },
            health = new { passive = new { failures = 100 } },
        });

        // One that cannot be connected to is passed over, with a body too.
        for (var i = 0; i < 12; i++)
        {
            var upload = market.Call("/echo");
            (upload.Method, upload.Content) = (HttpMethod.Post, new StringContent($"body {i}"));
            (await TextAsync(http, upload)).ShouldBe($"body {i}");
        }
        untrusted.Received.ShouldBeEmpty();
        secure.Received.Count.ShouldBeInRange(4, 8);

        // One that breaks off has been asked: only what may be asked twice goes on.
        secure.Breaks = true;
        for (var i = 0; i < 12; i++)
            (await TextAsync(http, market.Call("/small"))).ShouldBe("hello world");
        var (before, served) = (secure.Received.Count + plain.Received.Count, 0);
        for (var i = 0; i < 12; i++)
        {
            var upload = market.Call("/echo");
            (upload.Method, upload.Content) = (HttpMethod.Post, new StringContent("once"));
            using var response = await http.SendAsync(upload, cancellation);
            served += response.StatusCode == HttpStatusCode.OK ? 1 : 0;
        }
        served.ShouldBeInRange(1, 11);
        (secure.Received.Count + plain.Received.Count).ShouldBe(before + 12);
        (await market.SettledRequestsAsync(program, 24 + served)).ShouldBe(24 + served);
    }

    private static async Task<string> TextAsync(HttpClient http, HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return text;
    }
}
