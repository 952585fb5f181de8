using Tollgate.Foundation;

namespace Tollgate.Host.Startup;

/// <summary>
/// What comes after it needs the database: the control API and the jobs wait here. The data plane is started before it and, when it has a snapshot on its
/// disk, serves meanwhile.
/// </summary>
internal sealed class DatabaseGate(IDatabaseStartup startup, IChangeFeed feed) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await startup.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
        await feed.CatchUpAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
