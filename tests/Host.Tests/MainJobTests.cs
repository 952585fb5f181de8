using System.Net;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>The whole product on real parts: the program as a process, its own PostgreSQL, real connections.</summary>
[Collection(SharedProgram.Name)]
public sealed class MainJobTests(SharedProgram fixture)
{
    [Fact]
    public async Task ThousandCallsOn32Connections_AreInLogRollupsAndInvoice_NoneMoreNoneFewer()
    {
        using var market = await Market.OpenAsync(fixture.Program, fixture.Upstream.Address, Market.Deny("minute", 100_000), Market.Charge(400, "0.5"));
        using var http = RunningProgram.NewClient(fixture.Program.Gateway, connections: 32);
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, cancellation) =>
        {
            using var response = await http.SendAsync(market.Call("/small"), cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        });

        (await market.SettledRequestsAsync(fixture.Program, 1000)).ShouldBe(1000);
        var log = await market.RequestLogAsync();
        log.Count.ShouldBe(1000);
        log.Select(row => row.GetProperty("id").GetString()).Distinct(StringComparer.Ordinal).Count().ShouldBe(1000);
        var usage = (await market.UsageAsync()).GetProperty("total");
        usage.GetProperty("status").GetProperty("2xx").GetInt64().ShouldBe(1000);
        usage.GetProperty("bytes_out").GetInt64().ShouldBe(11_000);
        var provider = await Market.GetAsync(market.Provider, $"/api/usage?api={market.ApiId}");
        provider.GetProperty("total").GetProperty("requests").GetInt64().ShouldBe(1000);
        var invoice = await Market.GetAsync(market.Consumer, $"/api/subscriptions/{market.SubscriptionId}/invoices/upcoming");
        invoice.GetProperty("total").GetInt64().ShouldBe(1000 + 600 * 50);

        (await Load.ReconciledAsync(fixture.Program)).ShouldContain(market.SubscriptionId);
    }

    [Fact]
    public async Task TwoHundredConcurrentCallsOnALimitOf100AMinute_Exactly100AreAdmitted()
    {
        while (true)
        {
            using var market = await Market.OpenAsync(fixture.Program, fixture.Upstream.Address, Market.Deny("minute", 100));
            using var http = RunningProgram.NewClient(fixture.Program.Gateway, connections: 200);
            var minute = TimeProvider.System.GetUtcNow().Minute;
            var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
            {
                using var response = await http.SendAsync(market.Call("/small"));
                return response.StatusCode;
            }));
            // A minute that ended meanwhile has its hundred, and the next one too: tried again by others.
            if (TimeProvider.System.GetUtcNow().Minute != minute)
                continue;

            answers.Count(status => status == HttpStatusCode.OK).ShouldBe(100);
            answers.Count(status => status == HttpStatusCode.TooManyRequests).ShouldBe(100);
            (await market.SettledRequestsAsync(fixture.Program, 100)).ShouldBe(100);
            return;
        }
    }

    [Fact]
    public async Task Restart_WithSpentAllowance_ForgetsNothing()
    {
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, fixture.Upstream.Address, Market.Deny("month", 5));
        using var http = RunningProgram.NewClient(program.Gateway);
        for (var i = 0; i < 3; i++)
            (await http.SendAsync(market.Call("/small"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        await program.KillAsync();
        await program.StartAgainAsync();
        var statuses = new List<int>();
        for (var i = 0; i < 4; i++)
            statuses.Add((int)(await http.SendAsync(market.Call("/small"))).StatusCode);
        statuses.ShouldBe([200, 200, 429, 429]);
        (await program.StopAsync()).ShouldBe(0, program.Output);
    }
}
