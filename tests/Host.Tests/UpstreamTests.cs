using System.Net;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>Several upstreams behind one API, on the running program: the control API, the feed, the node's disk and the gateway together.</summary>
public sealed class UpstreamTests
{
    [Fact(Timeout = 180_000)]
    public async Task SeveralUpstreams_AreServedShownAndKeptOverARestart()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var a = await FakeUpstream.StartAsync();
        await using var b = await FakeUpstream.StartAsync();
        var gone = await FakeUpstream.StartAsync();
        var nowhere = gone.Address;
        await gone.DisposeAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, a.Address, Market.Deny("month", 1000));
        using var http = RunningProgram.NewClient(program.Gateway);

        var put = await market.SetUpstreamsAsync(new
        {
            targets = new object[] { new { url = a.Address, weight = 3 }, new { url = b.Address }, new { url = new UriBuilder(nowhere) { Scheme = "https" }.Uri } },
            health = new { passive = new { failures = 2, cool_off_seconds = 3600, max_cool_off_seconds = 3600 } },
        });
        put.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("state").GetProperty("status").GetString()).ShouldBe(["healthy", "healthy", "healthy"]);
        for (var i = 0; i < 50; i++)
            (await http.SendAsync(market.Call("/small"), cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (a.Received.Count + b.Received.Count).ShouldBe(50);
        ((double)a.Received.Count / b.Received.Count).ShouldBeInRange(2.2, 4.0);
        var dead = (await ReadAsync(market)).GetProperty("targets")[2].GetProperty("state");
        (dead.GetProperty("status").GetString(), dead.GetProperty("last_failure").GetProperty("reason").GetString()).ShouldBe(("resting", "connect_failed"));
        dead.GetProperty("resting_until").GetDateTimeOffset().ShouldBeGreaterThan(TimeProvider.System.GetUtcNow());

        await program.StopAsync();
        await program.StartAgainAsync();
        for (var i = 0; i < 20; i++)
            (await http.SendAsync(market.Call("/small"), cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        b.Received.Count.ShouldBeGreaterThan(12);
        (await market.SettledRequestsAsync(program, 70)).ShouldBe(70);
    }

    private static Task<JsonElement> ReadAsync(Market market) => Market.GetAsync(market.Provider, $"/api/apis/{market.ApiId}/upstreams");
}
