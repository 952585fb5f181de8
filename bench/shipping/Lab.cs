using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Foundation.Postgres;
using Tollgate.Foundation.Postgres.Embedded;
using Tollgate.Foundation.Postgres.Schema;
using Tollgate.Metering;
using Tollgate.Metering.Journal;
using Tollgate.Metering.Shipping;

namespace Shipping;

/// <summary>A PostgreSQL of its own, as durable as the program's, a journal, and what ships the one into the other.</summary>
internal sealed class Lab : IAsyncDisposable
{
    // Not a private one: the server's user must be able to pass.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"tollgate-bench-{Environment.ProcessId}")).FullName;
    private readonly DataSources _sources = new();
    private readonly ShippingMetrics _metrics = new();
    private readonly Traffic _traffic = new();
    private readonly EmbeddedCluster _cluster;
    private UsageJournal? _journal;
    private Shipper? _shipper;

    private Lab() => _cluster = new EmbeddedCluster(new ClusterOptions(_folder), NullLogger.Instance);

    public int ServerProcessId => _cluster.ServerProcessId!.Value;

    public static async Task<Lab> StartAsync()
    {
        var lab = new Lab();
        await lab._cluster.StartAsync(attach: false, CancellationToken.None);
        await using (var owner = NpgsqlDataSource.Create(lab._cluster.ConnectionString(DatabaseConnections.OwnerRole)))
            await new Migrator([FoundationModule.Sql, MeteringModule.Sql], NullLogger.Instance).ApplyAsync(owner, CancellationToken.None);
        lab._sources.Open(DatabaseConnections.ForAllRoles(role => lab._cluster.ConnectionString(role)));
        var database = new Database(lab._sources);
        lab._journal = new UsageJournal(Path.Combine(lab._folder, "journal"), new JournalOptions(), TimeProvider.System, NullLogger.Instance);
        lab._shipper = new Shipper(lab._journal, new JournalPositions(database, NullLogger<JournalPositions>.Instance), new SliceWriter(database, TimeProvider.System),
            lab._metrics, TimeProvider.System, NullLogger<Shipper>.Instance);
        return lab;
    }

    /// <param name="events">How many.</param>
    /// <param name="rate">Events a second; 0 = as fast as it goes.</param>
    public void Append(int events, int rate)
    {
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        for (var done = 0; done < events; done++)
        {
            if (rate > 0 && clock.GetElapsedTime(start).TotalSeconds * rate < done)
                Thread.Sleep(5);
            _journal!.Append(_traffic.Next());
        }
    }

    public Task ShipAsync() => _shipper!.ShipNowAsync(CancellationToken.None);

    public async Task ShipWhileAppendingAsync(int events, int rate)
    {
        await _shipper!.StartAsync(CancellationToken.None);
        await Task.Run(() => Append(events, rate));
        await _shipper.StopAsync(CancellationToken.None);
    }

    public async Task CheckpointAsync()
    {
        await using var source = NpgsqlDataSource.Create(_cluster.ConnectionString(ClusterRoles.Superuser));
        await using var command = source.CreateCommand("CHECKPOINT");
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A fast shipper that loses something would be worth nothing.</summary>
    public async Task CheckAsync(int events)
    {
        await using var source = NpgsqlDataSource.Create(_cluster.ConnectionString(ClusterRoles.Superuser));
        await using var command = source.CreateCommand("SELECT (SELECT count(*) FROM metering.request_log), (SELECT sum(calls) FROM metering.usage_hourly)::bigint");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (logged, summed) = (reader.GetInt64(0), reader.GetInt64(1));
        if (logged != events || summed != events)
            throw new InvalidOperationException($"{events} events were appended, {logged} are in the request log and {summed} in the rollups.");
    }

    public async ValueTask DisposeAsync()
    {
        _shipper?.Dispose();
        _journal?.Dispose();
        await _sources.DisposeAsync();
        await _cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
