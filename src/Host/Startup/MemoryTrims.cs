namespace Tollgate.Host.Startup;

/// <summary>After the start, when most of what the program runs is compiled, and now and then: memory that is free, or only a copy of a file, goes back.</summary>
internal sealed class MemoryTrims(TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AfterStart, clock);
        try
        {
            do
            {
                NativeHeap.Trim();
                MappedAssemblies.Release();
            }
            while (await NextAsync(timer, stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        var goesOn = await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false);
        timer.Period = Interval;
        return goesOn;
    }
}
