using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Leases;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

internal static class NodeExtensions
{
    public static NodeState State(this TestServer node) => node.Services.GetRequiredService<NodeState>();

    /// <summary>With which it works; null: none for now.</summary>
    public static string? Epoch(this TestServer node) => node.Services.GetRequiredService<SharedEpoch>().Current;

    /// <summary>What a node may still spend of a subscription's first allowance without asking.</summary>
    public static long InHand(this TestServer node, Guid subscription)
    {
        var terms = node.State().Subscribers.Find(subscription)!.Value.Terms!.Value;
        var term = terms.Allowances[0];
        var (used, granted) = node.Leases(subscription).InHand(terms, term, node.State().Shared!.Clock.Now);
        return granted - used;
    }

    /// <summary>Of the meter of a subscription's first allowance.</summary>
    public static MeterLeases Leases(this TestServer node, Guid subscription)
    {
        var terms = node.State().Subscribers.Find(subscription)!.Value.Terms!.Value;
        terms.Subscriber.TryLeases(terms.Allowances[0].Meter, out var leases).ShouldBeTrue();
        return leases!;
    }
}
