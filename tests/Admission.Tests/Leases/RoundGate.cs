using Tollgate.Admission.Leases;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

/// <summary>Through which nodes ask Redis of leases. Closed, each question fails before it is sent, as where Redis cannot be reached.</summary>
internal sealed class RoundGate
{
    private readonly Lock _lock = new();
    private readonly HashSet<MeterLeases> _unanswered = [];
    private int _running;
    private bool _closed;

    public void Watch(TestServer node)
    {
        var shared = node.State().Shared!;
        var round = shared.Round;
        shared.Round = leases => RunAsync(shared, round, leases);
    }

    /// <summary>Closed from here on, with no question under way, and none whose answer came too late or not at all.</summary>
    public async Task CloseAsync()
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (true)
        {
            lock (_lock)
                _closed = true;
            await AdmissionServer.UntilAsync(() => Volatile.Read(ref _running) == 0, "no question is under way");
            List<MeterLeases> open;
            lock (_lock)
            {
                if (_unanswered.Count == 0)
                    return;
                open = [.. _unanswered];
                _closed = false;
            }
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue("waited in vain: Redis answers in time");
            open.ForEach(leases => leases.Ask());
            await Task.Delay(50);
        }
    }

    public void Open()
    {
        lock (_lock)
            _closed = false;
    }

    private async Task<bool> RunAsync(SharedLimits shared, Func<MeterLeases, Task<bool>> round, MeterLeases leases)
    {
        lock (_lock)
        {
            if (_closed)
            {
                shared.Failed();
                return false;
            }
            _running++;
        }
        var answered = false;
        try
        {
            return answered = await round(leases);
        }
        finally
        {
            lock (_lock)
            {
                _running--;
                if (answered)
                    _unanswered.Remove(leases);
                else
                    _unanswered.Add(leases);
            }
        }
    }
}
