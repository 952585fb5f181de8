using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

/// <summary>Calls that take a place and keep it a while, on any nodes; it knows how many were in flight at once at the most.</summary>
internal sealed class InFlightCalls
{
    private readonly ConcurrentDictionary<InFlightCalls.One, bool> _open = new();
    private int _inFlight;
    private int _most;
    private int _ended;
    private int _refused;

    public int Most => Volatile.Read(ref _most);

    public int InFlight => Volatile.Read(ref _inFlight);

    public int Ended => Volatile.Read(ref _ended);

    public int Refused => Volatile.Read(ref _refused);

    public async Task<AdmissionVerdict> BeginAsync(TestServer node, Buyer buyer)
    {
        var decision = await SharedNodes.CallAsync(node, buyer);
        if (!decision.Admitted)
        {
            Interlocked.Increment(ref _refused);
            return decision.Verdict;
        }
        var inFlight = Interlocked.Increment(ref _inFlight);
        for (var seen = Most; seen < inFlight && Interlocked.CompareExchange(ref _most, inFlight, seen) != seen; seen = Most)
        {
        }
        _open[new One(node.Services.GetRequiredService<IAdmission>(), decision)] = true;
        return decision.Verdict;
    }

    public bool EndOne()
    {
        foreach (var call in _open.Keys)
            if (End(call))
                return true;
        return false;
    }

    /// <summary>What the gateway does every other second: calls that may not go on are ended.</summary>
    public void EndWhatMayNotGoOn()
    {
        foreach (var call in _open.Keys)
            if (!call.Admission.StillValid(call.Decision))
                End(call);
    }

    /// <summary>The process is dead, and its calls are.</summary>
    public void Forget(IAdmission dead)
    {
        foreach (var call in _open.Keys)
            if (ReferenceEquals(call.Admission, dead))
                End(call);
    }

    /// <summary>Callers on a node that begin and end calls until they are told to stop.</summary>
    public Task LoadAsync(TestServer node, Buyer buyer, int callers, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
    {
        var random = new Random(caller);
        while (!stop.IsCancellationRequested)
        {
            var began = await BeginAsync(node, buyer) == AdmissionVerdict.Admitted;
            await Task.Delay(random.Next(1, 20), CancellationToken.None);
            if (began)
                EndOne();
        }
    }, CancellationToken.None)));

    private bool End(One call)
    {
        if (!_open.TryRemove(call, out _))
            return false;
        // Counted as gone before its place is another's.
        Interlocked.Decrement(ref _inFlight);
        Interlocked.Increment(ref _ended);
        call.Admission.Release(call.Decision);
        return true;
    }

    private sealed class One(IAdmission admission, AdmissionDecision decision)
    {
        public IAdmission Admission { get; } = admission;

        public AdmissionDecision Decision { get; } = decision;
    }
}
