using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation.Postgres;

namespace Tollgate.Foundation.Changes;

/// <summary>
/// Keeps this node's snapshots in step with the database: on a notice, on a new connection, and each second whatever happens. When the database is away
/// the snapshots stay as they are and their age shows in the metric <c>tollgate_change_feed_staleness_seconds</c>.
/// </summary>
internal sealed partial class ChangeFeed : BackgroundService, IChangeFeed
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly IDatabaseStartup _startup;
    private readonly ChangeStore _store;
    private readonly SnapshotOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly NoticeListener _listener;
    private readonly Lazy<Follower[]> _followers;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Freshness _fresh;

    // Handlers are taken when they are first needed: they may depend on services that want the feed.
    public ChangeFeed(Database database, DataSources sources, IDatabaseStartup startup, IServiceProvider services, SnapshotOptions options, TimeProvider clock,
        ILogger<ChangeFeed> logger)
    {
        (_startup, _options, _logger) = (startup, options, logger);
        _clock = clock;
        _listener = new NoticeListener(sources, "tollgate_changes", logger);
        _store = new ChangeStore(database);
        _followers = new(() => [.. services.GetServices<IChangeHandler>().Select(handler => new Follower(handler, _store, logger)).OrderBy(follower => follower.Order)]);
        _fresh = new Freshness(clock);
    }

    public long AppliedVersion => _followers.Value.Select(follower => follower.Version).DefaultIfEmpty(0).Min();

    public bool Ready => _followers.Value.All(follower => follower.Loaded);

    public TimeSpan Staleness => _fresh.Age;

    public bool TooStale => Staleness > _options.GreatestStaleness;

    /// <summary>False where nothing has a snapshot to keep in step.</summary>
    internal bool Follows => _followers.Value.Length > 0;

    internal int? ListenerBackendId => _listener.BackendId;

    public Task AfterCommitAsync(CancellationToken cancellation)
    {
        if (AmbientTransaction.Current is not { } ambient)
            return WaitAsync(cancellation);
        ambient.AfterCommit(() => WaitAsync(cancellation));
        return Task.CompletedTask;
    }

    public Task CatchUpAsync(CancellationToken cancellation) => FollowAsync(cancellation);

    /// <summary>
    /// Takes in what is on disk, or else loads once, before the services after this one start: what is on disk needs no database. A failure is no end: the
    /// rounds go on trying, and <see cref="Ready"/> says so.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await RestoreAsync(cancellationToken).ConfigureAwait(false))
        {
            await _startup.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
            await FollowAsync(cancellationToken).ConfigureAwait(false);
        }
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!Follows)
            return;
        try
        {
            await DatabaseIsThereAsync(stoppingToken).ConfigureAwait(false);
            while (!stoppingToken.IsCancellationRequested)
            {
                await FollowAsync(stoppingToken).ConfigureAwait(false);
                await _listener.WaitAsync(Round, stoppingToken).ConfigureAwait(false);
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

    // True when the database need not be waited for.
    private async Task<bool> RestoreAsync(CancellationToken cancellation)
    {
        DateTimeOffset? oldest = null;
        foreach (var follower in _followers.Value)
            if (await follower.RestoreAsync(cancellation).ConfigureAwait(false) is { } freshAt)
                oldest = oldest < freshAt ? oldest : freshAt;
        if (oldest is { } at)
        {
            _fresh.Restored(at);
            _logger.LogInformation("Snapshots of {At:u} were taken from disk", at);
        }
        return Ready;
    }

    // A node that serves from its disk goes on doing so, whatever keeps the database from being used.
    private async Task DatabaseIsThereAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await _startup.EnsureReadyAsync(cancellation).ConfigureAwait(false);
                return;
            }
            catch (Exception failed) when (!cancellation.IsCancellationRequested)
            {
                _logger.LogCritical("The database cannot be used; this node serves from its snapshot of {Seconds:0} s ago: {Reason}", Staleness.TotalSeconds, failed.Message);
                await Task.Delay(Pause, _clock, cancellation).ConfigureAwait(false);
            }
        }
    }

    // One at a time: handlers are never called concurrently.
    private async Task FollowAsync(CancellationToken cancellation)
    {
        // A process that follows nothing needs no database for it.
        if (!Follows)
            return;
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var (began, now) = (_clock.GetTimestamp(), _clock.GetUtcNow());
            var end = await EndAsync(cancellation).ConfigureAwait(false);
            if (end is not null && await FollowToAsync(end, now, cancellation).ConfigureAwait(false))
                _fresh.CurrentAt(began);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> FollowToAsync(ChangeStore.Range end, DateTimeOffset now, CancellationToken cancellation)
    {
        var all = true;
        foreach (var follower in _followers.Value)
            all &= await follower.FollowAsync(end, now, cancellation).ConfigureAwait(false);
        return all;
    }

    // One look for all: in most rounds nothing was committed. Null when the database does not say.
    private async Task<ChangeStore.Range?> EndAsync(CancellationToken cancellation)
    {
        try
        {
            return await _store.RangeAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            LogAway(_logger, failed.Message);
            return null;
        }
    }

    [LoggerMessage(503, LogLevel.Error, "The change feed could not be read, trying again: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(502, LogLevel.Information, "This node has not yet applied a committed change; it does so a little later: {Reason}")]
    private static partial void LogLate(ILogger logger, string reason);
}
