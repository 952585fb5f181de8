using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Nodes;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

/// <summary>Whatever happens to Redis: no limit is passed, what nodes hold is served, and afterwards all of the limit can be used.</summary>
public sealed class RedisFaultTests : IAsyncLifetime
{
    private const int Limit = 30_000;
    private SharedNodes _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await SharedNodes.StartAsync();

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact]
    public async Task Redis_KilledAndStartedAgainUnderLoad_TheLimitIsExact()
    {
        var (tally, load) = await UnderLoadAsync();
        await _nodes.BetweenQuestionsAsync(async () =>
        {
            await _nodes.Redis.KillAsync();
            await tally.SpentAsync();
            var spent = tally.Admitted;
            var refused = tally.Unavailable;
            await AdmissionServer.UntilAsync(() => tally.Unavailable > refused + 1_000, "calls are refused");
            (tally.Admitted - spent).ShouldBeLessThan(Limit / 4, "what nodes hold is bounded");
            await _nodes.Redis.StartAgainAsync();
        });
        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    [Fact]
    public async Task Metrics_TellOfLeasesAndWhetherRedisAnswers()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(Limit, Window.Month));
        var node = _nodes.Nodes[0];
        (await SharedNodes.CallAsync(node, buyer)).Admitted.ShouldBeTrue();
        var page = Page(node);
        page.Value("tollgate_redis_joined").ShouldBe(1);
        page.Value("tollgate_leases_open").ShouldBe(1);
        page.Value("tollgate_lease_rounds_total", ("result", "answered")).ShouldBeGreaterThan(0);
        page.Value("tollgate_admission_keys").ShouldBe(1);
        page.Value("tollgate_admission_ready").ShouldBe(1);
        await AdmissionServer.UntilAsync(() => Page(node).Value("tollgate_admission_nodes") == 3, "the register has been read");

        await _nodes.Redis.KillAsync();
        await AdmissionServer.UntilAsync(() => Page(node).Value("tollgate_redis_silent_seconds") > 2, "Redis says nothing");
        await _nodes.Redis.StartAgainAsync();
        await AdmissionServer.UntilAsync(() => Page(node) is var after && after.Value("tollgate_redis_joined") == 1 && after.Value("tollgate_redis_silent_seconds") < 2, "Redis answers again");
    }

    private static Exposition Page(TestServer node)
    {
        var page = new MetricPage();
        node.Services.GetRequiredService<LeaseMetrics>().WriteTo(page);
        node.Services.GetRequiredService<AdmissionMetrics>().WriteTo(page);
        return Exposition.Parse(page.ToString());
    }

    [Fact]
    public async Task Redis_FlushedUnderLoad_TheLimitIsExact()
    {
        var (tally, load) = await UnderLoadAsync();
        await _nodes.BetweenQuestionsAsync(_nodes.Redis.FlushAsync);
        tally.SlowFrom(int.MaxValue);
        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    [Fact]
    public async Task Redis_FrozenUnderLoad_TheLimitIsExact()
    {
        var (tally, load) = await UnderLoadAsync();
        await _nodes.Redis.FreezeAsync();
        await tally.SpentAsync();
        await _nodes.Redis.ThawAsync();
        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    [Fact]
    public async Task Redis_BackFromAnOlderSnapshot_IsNotBelieved()
    {
        var (tally, load) = await UnderLoadAsync();
        await _nodes.Redis.TextAsync("SAVE");
        await AdmissionServer.UntilAsync(() => tally.Admitted > Limit / 3, "more was used than the snapshot knows");
        await _nodes.BetweenQuestionsAsync(async () =>
        {
            await _nodes.Redis.KillAsync();
            await tally.SpentAsync();
            await _nodes.Redis.StartAgainAsync();
        });
        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    [Fact]
    public async Task Redis_Away_OnlyWhatHasNoLimitIsServed()
    {
        await _nodes.Redis.KillAsync();
        var limited = await _nodes.SubscribeAsync(Node.Deny(100, Window.Month));
        var free = await _nodes.SubscribeAsync();
        foreach (var node in _nodes.Nodes)
        {
            (await SharedNodes.CallAsync(node, limited)).Verdict.ShouldBe(AdmissionVerdict.Undecided);
            (await SharedNodes.CallAsync(node, free)).Verdict.ShouldBe(AdmissionVerdict.Admitted);
        }
    }

    [Fact]
    public async Task Redis_CounterUnknown_StartsFromTheLog()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(10, Window.Month));
        var first = await SharedNodes.CallAsync(_nodes.Nodes[0], buyer);
        for (var i = 0; i < 6; i++)
            AdmissionServer.Append(_nodes.Nodes[1], first);
        await _nodes.Nodes[1].Services.GetRequiredService<IUsageShipping>().ShipNowAsync(CancellationToken.None);
        await _nodes.Redis.TextAsync("DEL", $"tollgate:limit:{buyer.Subscription:N}:1");
        // Six are in the log, the one that the first node holds among them.
        var tally = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
        tally.Admitted.ShouldBe(4);
    }

    [Fact]
    public async Task Node_KilledAndBack_LeavesWhatItsJournalDoesNotShow()
    {
        var folder = _nodes.Host.NewFolder();
        var node = await _nodes.AddAsync(folder);
        var buyer = await _nodes.SubscribeAsync(Node.Deny(Limit, Window.Month));
        var used = 0;
        while (node.InHand(buyer.Subscription) < 2 * used || used == 0)
        {
            var decision = await SharedNodes.CallAsync(node, buyer);
            decision.Admitted.ShouldBeTrue();
            AdmissionServer.Append(node, decision);
            used++;
        }
        var key = $"tollgate:leases:{node.Services.GetRequiredService<Tollgate.Admission.Leases.SharedEpoch>().Life:N}";
        await _nodes.LoseAsync(3);

        await _nodes.AddAsync(folder);
        for (var exists = true; exists; exists = await _nodes.Redis.TextAsync("EXISTS", key) == "1")
            await Task.Delay(20);
        var tally = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
        // What was used just before the last round may be counted twice, never the other way.
        (used + tally.Admitted).ShouldBeInRange(Limit - used, Limit);
    }

    private async Task<(Tally Tally, Task Load)> UnderLoadAsync()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(Limit, Window.Month));
        var tally = new Tally();
        tally.SlowFrom(Limit / 4);
        var load = _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited, into: tally);
        await AdmissionServer.UntilAsync(() => tally.Admitted > Limit / 10, "the load runs");
        return (tally, load);
    }
}
