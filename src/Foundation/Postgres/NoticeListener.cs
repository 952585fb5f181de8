using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tollgate.Foundation.Postgres;

/// <summary>
/// A connection that listens on one channel. A notice is a hint to look earlier than the next round would; nothing depends on its arrival.
/// </summary>
internal sealed class NoticeListener(DataSources sources, string channel, ILogger logger) : IAsyncDisposable
{
    private NpgsqlConnection? _connection;
    private int _backend;

    /// <summary>Process id of the connection's backend, when there is one. A connection that broke a moment ago no longer knows its own.</summary>
    public int? BackendId => _connection is null ? null : _backend;

    /// <summary>Returns on a notice, after <paramref name="atMost"/>, and at once after a new connection, for which notices may have been missed.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        try
        {
            if (_connection is null)
                await ConnectAsync(cancellation).ConfigureAwait(false);
            else
                await _connection.WaitAsync(atMost, cancellation).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is NpgsqlException or InvalidOperationException or IOException && !cancellation.IsCancellationRequested)
        {
            logger.LogWarning("The connection that listens on {Channel} was lost, looking every {Seconds} s until there is a new one: {Reason}", channel, atMost.TotalSeconds, lost.Message);
            await DisposeAsync().ConfigureAwait(false);
            await Task.Delay(atMost, cancellation).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ConnectAsync(CancellationToken cancellation)
    {
        var connection = await sources.Worker.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        try
        {
            var command = new NpgsqlCommand($"LISTEN {channel}", connection);
            await using (command.ConfigureAwait(false))
                await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            _backend = connection.ProcessID;
            _connection = connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
