using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation.Postgres;

namespace Tollgate.Foundation.Changes;

/// <summary>
/// Keeps this node's snapshots in step with the database: on a notice, on a new connection, and each second whatever happens. When the database is away
/// the snapshots stay as they are and their age shows in the metric <c>tollgate.change_feed.staleness</c>.
/// </summary>
internal sealed partial class ChangeFeed : BackgroundService, IChangeFeed
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly Meter Meter = new("Tollgate");

    private readonly IDatabaseStartup _startup;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly NoticeListener _listener;
    private readonly Lazy<Follower[]> _followers;
    private readonly SemaphoreSlim _turn = new(1);
    private long _freshAt;

    // Handlers are taken when they are first needed: they may depend on services that want the feed.
    public ChangeFeed(Database database, DataSources sources, IDatabaseStartup startup, IServiceProvider services, TimeProvider clock, ILogger<ChangeFeed> logger)
    {
        _startup = startup;
        _clock = clock;
        _logger = logger;
        _listener = new NoticeListener(sources, "tollgate_changes", logger);
        var store = new ChangeStore(database);
        _followers = new(() => [.. services.GetServices<IChangeHandler>().Select(handler => new Follower(handler, store, logger)).OrderBy(follower => follower.Order)]);
        _freshAt = clock.GetTimestamp();
        Meter.CreateObservableGauge("tollgate.change_feed.staleness", () => Staleness.TotalSeconds, "s", "Time since this node's snapshots were last known to be current");
    }

    public long AppliedVersion => _followers.Value.Select(follower => follower.Version).DefaultIfEmpty(0).Min();

    public bool Ready => _followers.Value.All(follower => follower.Loaded);

    public TimeSpan Staleness => _clock.GetElapsedTime(Interlocked.Read(ref _freshAt));

    internal int? ListenerBackendId => _listener.BackendId;

    public Task AfterCommitAsync(CancellationToken cancellation)
    {
        if (AmbientTransaction.Current is not { } ambient)
            return WaitAsync(cancellation);
        ambient.AfterCommit(() => WaitAsync(cancellation));
        return Task.CompletedTask;
    }

    public Task CatchUpAsync(CancellationToken cancellation) => FollowAsync(cancellation);

    /// <summary>Loads once before the services after this one start. A failure is no end: the rounds go on trying, and <see cref="Ready"/> says so.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await _startup.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
        await FollowAsync(cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await _listener.WaitAsync(Round, stoppingToken).ConfigureAwait(false);
                await FollowAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
        finally
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    // The token ends who still queues and who listens to it, the wait goes on without who does not.
    private async Task WaitAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(LongestWait, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await FollowAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception late)
        {
            LogLate(_logger, late.Message);
        }
    }

    // One at a time: handlers are never called concurrently.
    private async Task FollowAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var began = _clock.GetTimestamp();
            var all = true;
            foreach (var follower in _followers.Value)
                all &= await follower.FollowAsync(cancellation).ConfigureAwait(false);
            if (all)
                Interlocked.Exchange(ref _freshAt, began);
        }
        finally
        {
            _turn.Release();
        }
    }

    [LoggerMessage(502, LogLevel.Information, "This node has not yet applied a committed change; it does so a little later: {Reason}")]
    private static partial void LogLate(ILogger logger, string reason);
}
