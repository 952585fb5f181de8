using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Admission.Leases;

/// <summary>Tells a counter that Redis does not have what the log knows of its windows.</summary>
internal sealed class LeaseSeeds(LeaseStore store, IDatabase database, IUsage usage) : IDisposable
{
    // After a loss many counters are wanted at once; the database has other work too.
    private readonly SemaphoreSlim _turns = new(8);

    public async Task FillAsync(string epoch, MeterLeases leases, IReadOnlyList<WindowAsk> unseeded)
    {
        var meter = Meter.Find(leases.Meter)!.Value.Name;
        await _turns.WaitAsync().ConfigureAwait(false);
        try
        {
            var lines = await database.AsWorkerAsync(async session =>
            {
                var all = new List<SeedLine>(unseeded.Count);
                foreach (var ask in unseeded)
                {
                    var sums = await usage.SinceAsync(session, [leases.Subscriber.Id], meter, new DateTimeOffset(ask.Frame.Start, TimeSpan.Zero)).ConfigureAwait(false);
                    all.Add(new SeedLine(ask.Lease.Window, ask.Frame.Ordinal, LeaseStore.Micros(ask.Frame.End), Math.Max(0, sums.GetValueOrDefault(leases.Subscriber.Id))));
                }
                return all;
            }, CancellationToken.None).ConfigureAwait(false);
            await store.SeedAsync(epoch, leases.Subscriber.Id, leases.Meter, lines).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();
}
