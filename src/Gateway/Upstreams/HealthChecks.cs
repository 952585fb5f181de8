using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Checks the targets of all APIs that want it, each when it is due. A provider has a check of its own at any time and some more while others leave them: servers that do not
/// answer hold up the checks of their own provider and nobody else's. Every node that serves an API looks for itself, off the path of calls.
/// </summary>
internal sealed partial class HealthChecks(Routes routes, HealthProbe probe, TimeProvider clock, ILogger<HealthChecks> logger) : IHostedService, IDisposable
{
    private const int MostOfOneProvider = 4;

    /// <summary>Besides one of each provider.</summary>
    private const int MostBesides = 32;

    /// <summary>Each check holds a connection; past so many providers with one at once, those that are due wait for each other.</summary>
    private const int MostProviders = 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, int> _running = [];
    private ITimer? _timer;
    private int _besides;
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
                .OrderBy(pair => pair.Target.Health.CheckDue).ToList();
            foreach (var (api, target) in due)
                if (TryEnter(api.Route.ProviderOrganizationId))
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
        target.Health.Checking = true;
        target.Health.CheckDue = now + (check.IntervalSeconds * clock.TimestampFrequency);
        try
        {
            var failure = await probe.AskAsync(target, check, api.Route.UpstreamHeaders).ConfigureAwait(false);
            if (target.Checked(check, failure))
                LogTurned(logger, target.Index, api.Name, failure ?? "is back");
        }
        catch (HttpRequestException exception) when (UpstreamDialer.LacksDescriptors(exception))
        {
            // Not asked, so not answered: it is asked again when it is due.
        }
        catch (Exception exception)
        {
            LogBug(logger, exception, target.Index, api.Name);
        }
        finally
        {
            target.Health.Checking = false;
            Leave(api.Route.ProviderOrganizationId);
        }
    }

    private bool TryEnter(Guid provider)
    {
        lock (_gate)
        {
            var running = _running.GetValueOrDefault(provider);
            if (running == 0 ? _running.Count == MostProviders : running == MostOfOneProvider || _besides == MostBesides)
                return false;
            _besides += running == 0 ? 0 : 1;
            _running[provider] = running + 1;
            return true;
        }
    }

    private void Leave(Guid provider)
    {
        lock (_gate)
        {
            if (_running[provider] == 1)
            {
                _running.Remove(provider);
                return;
            }
            _besides--;
            _running[provider]--;
        }
    }

    [LoggerMessage(522, LogLevel.Warning, "Upstream {Index} of {Api}, says its check: {Finding}")]
    private static partial void LogTurned(ILogger logger, int index, string api, string finding);

    [LoggerMessage(523, LogLevel.Error, "The check of upstream {Index} of {Api} failed unexpectedly")]
    private static partial void LogBug(ILogger logger, Exception exception, int index, string api);
}
