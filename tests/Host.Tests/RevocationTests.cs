using System.Diagnostics;
using System.Net;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>A key is revoked on one node and refused by all. How long that took is told, not asserted: this machine may be busy.</summary>
public sealed class RevocationTests
{
    [Fact(Timeout = 240_000)]
    public async Task RevokedKey_IsRefusedByEveryNode_AndTheOthersAreNot()
    {
        await using var server = await ExternalPostgres.StartAsync();
        await using var redis = await TestRedis.StartAsync();
        await using var upstream = await FakeUpstream.StartAsync();
        var shared = ("Redis__Url", redis.Url);
        await using var first = RunningProgram.Launched(RestartTests.Settings(server, "gateway", shared));
        await using var second = RunningProgram.Launched(RestartTests.Settings(server, "gateway", shared));
        await using var control = RunningProgram.Launched(RestartTests.Settings(server, "control,worker", shared, ("Gateway__PublicUrl", first.Gateway.ToString().TrimEnd('/'))));
        (await control.CommandAsync(RestartTests.Owner(server), "migrate")).ExitCode.ShouldBe(0);
        RunningProgram[] nodes = [first, second];
        foreach (var node in nodes.Append(control))
            await node.UntilReadyAsync();
        using var market = await Market.OpenAsync(control, upstream.Address, Market.Deny("month", 100_000));

        for (var round = 0; round < 5; round++)
        {
            var key = await Market.PostAsync(market.Consumer, $"/api/subscriptions/{market.SubscriptionId}/keys", new { name = $"Round {round}" });
            var secret = key.GetProperty("secret").GetString()!;
            await Task.WhenAll(nodes.Select(node => UntilAsync(node, market, secret, HttpStatusCode.OK)));
            var watch = Stopwatch.StartNew();
            using (var revoked = await market.Consumer.DeleteAsync($"/api/keys/{key.GetProperty("id").GetString()}"))
                revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            var took = await Task.WhenAll(nodes.Select(async node =>
            {
                await UntilAsync(node, market, secret, HttpStatusCode.Unauthorized);
                return watch.ElapsedMilliseconds;
            }));
            TestContext.Current.TestOutputHelper?.WriteLine($"revoked: refused by both nodes after {took.Max()} ms of the request to revoke");
            // It stays so, and it was this key alone.
            foreach (var node in nodes)
            {
                (await CallAsync(node, market, secret)).ShouldBe(HttpStatusCode.Unauthorized);
                (await CallAsync(node, market, market.Key)).ShouldBe(HttpStatusCode.OK);
            }
        }
    }

    private static async Task UntilAsync(RunningProgram node, Market market, string key, HttpStatusCode status)
    {
        using var http = RunningProgram.NewClient(node.Gateway, connections: 1);
        for (var watch = Stopwatch.StartNew(); await CallAsync(node, market, key, http) != status; await Task.Delay(5))
            if (watch.Elapsed > TimeSpan.FromSeconds(60))
                throw new TimeoutException($"{node.Gateway} does not answer {status}.");
    }

    private static async Task<HttpStatusCode> CallAsync(RunningProgram node, Market market, string key)
    {
        using var http = RunningProgram.NewClient(node.Gateway, connections: 1);
        return await CallAsync(node, market, key, http);
    }

    private static async Task<HttpStatusCode> CallAsync(RunningProgram node, Market market, string key, HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Gateway, new Uri(market.GatewayUrl).AbsolutePath + "/small"));
        request.Headers.Add("X-Api-Key", key);
        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }
}
