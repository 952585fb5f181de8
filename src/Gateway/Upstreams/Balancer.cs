using System.Numerics;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Finds the target of a call. Every call has its turn in an order that is made once, so that weights are kept smoothly; only when that target cannot be
/// had are the others looked at. Nothing here waits or allocates.
/// </summary>
internal sealed class Balancer
{
    private readonly Target[] _targets;
    private readonly byte[] _order;
    private readonly bool _byLoad;
    private int _turn = -1;
    private int _spare = -1;

    /// <param name="plan">The targets.</param>
    /// <param name="before">The same API's until now: what it knows of a target stays known.</param>
    /// <param name="clock">For rests.</param>
    public Balancer(UpstreamPlan plan, Balancer? before, TimeProvider clock)
    {
        var known = before?._targets.ToDictionary(target => target.Url, target => target.Health) ?? [];
        _targets = [.. plan.Targets.Select((target, index) => new Target(plan, index, known.GetValueOrDefault(target.Url) ?? new TargetHealth(), clock))];
        _byLoad = plan.Balancing == Balancing.LeastRequests;
        _order = Order([.. plan.Targets.Select(target => target.Weight)]);
        Only = _targets.Length == 1 ? _targets[0] : null;
    }

    /// <summary>Not null: there is nothing to choose.</summary>
    public Target? Only { get; }

    public IReadOnlyList<Target> Targets => _targets;

    /// <param name="tried">Targets that this call has tried already; not all.</param>
    public Attempt Pick(uint tried)
    {
        var first = _targets[_order[(uint)Interlocked.Increment(ref _turn) % (uint)_order.Length]];
        if (tried == 0)
        {
            if (first.ClaimTrial() is not 0 and var trial)
                return new Attempt(first, trial);
            if (!_byLoad && first.IsUp)
                return new Attempt(first, Trial: 0);
        }
        var candidates = Candidates(tried);
        return new Attempt(_byLoad ? Idlest(candidates, first.Index) : Share(candidates), Trial: 0);
    }

    // Those that are up; when none is, the call goes to one of the others all the same: it may have come back, and an answer of ours would be an error anyhow.
    private uint Candidates(uint tried)
    {
        var (all, up) = (0u, 0u);
        foreach (var target in _targets)
        {
            if ((tried & target.Bit) != 0)
                continue;
            all |= target.Bit;
            if (target.IsUp)
                up |= target.Bit;
        }
        return up != 0 ? up : all;
    }

    // The turns of those that cannot be had are shared out by weight, with a count of their own: their neighbours in the order would get all of them.
    private Target Share(uint candidates)
    {
        var total = 0;
        foreach (var target in _targets)
            if ((candidates & target.Bit) != 0)
                total += target.Weight;
        var left = (int)((uint)Interlocked.Increment(ref _spare) % (uint)total);
        var last = _targets[BitOperations.TrailingZeroCount(candidates)];
        foreach (var target in _targets)
        {
            if ((candidates & target.Bit) == 0)
                continue;
            last = target;
            if ((left -= target.Weight) < 0)
                break;
        }
        return last;
    }

    // Of equals the one whose turn it is.
    private Target Idlest(uint candidates, int first)
    {
        Target? best = null;
        var load = 0L;
        for (var i = 0; i < _targets.Length; i++)
        {
            var target = _targets[(first + i) % _targets.Length];
            if ((candidates & target.Bit) == 0)
                continue;
            var inFlight = (long)target.Health.InFlight;
            if (best is not null && inFlight * best.Weight >= load * target.Weight)
                continue;
            (best, load) = (target, inFlight);
        }
        return best!;
    }

    // Smooth weighted round robin, played through once: at each turn all gain their weight, the richest has the turn and pays the sum.
    private static byte[] Order(int[] weights)
    {
        var divisor = weights.Aggregate((a, b) => (int)BigInteger.GreatestCommonDivisor(a, b));
        var sum = weights.Sum() / divisor;
        var riches = new int[weights.Length];
        var order = new byte[sum];
        for (var turn = 0; turn < sum; turn++)
        {
            for (var i = 0; i < weights.Length; i++)
                riches[i] += weights[i] / divisor;
            var richest = Array.IndexOf(riches, riches.Max());
            riches[richest] -= sum;
            order[turn] = (byte)richest;
        }
        return order;
    }
}
