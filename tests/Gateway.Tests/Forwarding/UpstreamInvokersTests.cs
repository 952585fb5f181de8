using Tollgate.Gateway.Forwarding.Secure;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Upstreams;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class UpstreamInvokersTests
{
    [Fact]
    public async Task PoolThatNoRouteNames_IsDroppedAfterAMinute()
    {
        var clock = new ManualClock();
        await using var rig = await GatewayRig.StartAsync(clock: clock, plan: UpstreamPlan.Of(new Uri("https://one.example.com/base")));
        var invokers = rig.Get<UpstreamInvokers>();
        var (named, unnamed) = (invokers.Of("https://one.example.com"), invokers.Of("https://two.example.com"));

        clock.Advance(UpstreamInvokers.SweepInterval);
        invokers.Of("https://two.example.com").ShouldBeSameAs(unnamed);
        clock.Advance(UpstreamInvokers.SweepInterval);
        invokers.Of("https://two.example.com").ShouldNotBeSameAs(unnamed);
        invokers.Of("https://one.example.com").ShouldBeSameAs(named);
    }
}
