using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Checks the targets of all APIs that want it, each when it is due and some at once at most. Every node that serves an API looks for itself, off the path
/// of calls.
/// </summary>
internal sealed partial class HealthChecks(Routes routes, HealthProbe probe, TimeProvider clock, ILogger<HealthChecks> logger) : IHostedService, IDisposable
{
    private const int MostAtOnce = 32;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private ITimer? _timer;
    private int _running;
    private int _busy;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = clock.CreateTimer(_ => Tick(), state: null, Interval, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Tick()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            var now = clock.GetTimestamp();
            var due = routes.Table.Apis.Where(api => api.Route.Upstreams.Check is not null)
                .SelectMany(api => api.Upstreams.Targets, (api, target) => (Api: api, Target: target))
                .Where(pair => !pair.Target.Health.Checking && pair.Target.Health.CheckDue <= now)
                .OrderBy(pair => pair.Target.Health.CheckDue).Take(MostAtOnce - Volatile.Read(ref _running)).ToList();
            foreach (var (api, target) in due)
                _ = CheckAsync(api, target, now);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private async Task CheckAsync(ServedApi api, Target target, long now)
    {
        var check = target.Check!;
        Interlocked.Increment(ref _running);
        target.Health.Checking = true;
        target.Health.CheckDue = now + (check.IntervalSeconds * clock.TimestampFrequency);
        try
        {
            var failure = await probe.AskAsync(target, check, api.Route.UpstreamHeaders).ConfigureAwait(false);
            if (target.Checked(check, failure))
                LogTurned(logger, target.Index, api.Name, failure ?? "is back");
        }
        catch (Exception exception)
        {
            LogBug(logger, exception, target.Index, api.Name);
        }
        finally
        {
            target.Health.Checking = false;
            Interlocked.Decrement(ref _running);
        }
    }

    [LoggerMessage(522, LogLevel.Warning, "Upstream {Index} of {Api}, says its check: {Finding}")]
    private static partial void LogTurned(ILogger logger, int index, string api, string finding);

    [LoggerMessage(523, LogLevel.Error, "The check of upstream {Index} of {Api} failed unexpectedly")]
    private static partial void LogBug(ILogger logger, Exception exception, int index, string api);
}
