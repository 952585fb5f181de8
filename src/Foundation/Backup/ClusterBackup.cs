using System.Globalization;
using System.Text;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Foundation.Postgres;
using Tollgate.Foundation.Postgres.Embedded;

namespace Tollgate.Foundation.Backup;

/// <summary>
/// The database: a base backup of the program's own cluster by the server's own means (start, copy, stop, and the write-ahead log of the time between), because
/// a folder with server programs need not hold more than the server. The restored cluster is as it was when the copy ended.
/// </summary>
internal sealed class ClusterBackup(DatabaseStartup startup, IConfiguration configuration, TimeProvider clock, ILogger<ClusterBackup> logger) : IBackupPart
{
    public const string CompletedAt = "completed_at";

    private const string Major = "major";

    // While it lives (as long as the session) the server keeps the log from its last checkpoint on.
    private const string ReserveLog = "SELECT pg_create_physical_replication_slot(@slot, true, true)";

    private const string Start = "SELECT pg_walfile_name(pg_backup_start('tollgate backup', true))";

    private const string Stop = "SELECT pg_walfile_name(lsn) AS last_file, labelfile AS label FROM pg_backup_stop(false)";

    private const string RenewFeed = "UPDATE foundation.change_horizon SET feed = gen_random_uuid()";

    public string Name => "postgres";

    // The other parts ask the database too.
    public Task PrepareAsync(BackupPlace place, CancellationToken cancellation) => startup.OpenClusterAsync(attach: true, cancellation);

    public async Task BackupAsync(BackupPlace place, CancellationToken cancellation)
    {
        var cluster = await startup.OpenClusterAsync(attach: true, cancellation).ConfigureAwait(false);
        var from = cluster.DataFolder;
        if (Directory.EnumerateFileSystemEntries(Path.Combine(from, "pg_tblspc")).Any())
            throw new StartupException("The cluster has tablespaces outside its folder, which this backup does not copy. Use pg_basebackup.");
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(cluster.ConnectionString(ClusterRoles.Superuser, "postgres")) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            var to = Path.Combine(place.Folder, "pgdata");
            var copy = new DataFolderCopy(from, to, place.Say, clock);
            place.Say($"Copying the database in {from}");
            await connection.ExecuteAsync(new CommandDefinition(ReserveLog, new { slot = $"tollgate_backup_{Environment.ProcessId}" }, cancellationToken: cancellation)).ConfigureAwait(false);
            var first = await connection.QuerySingleAsync<string>(new CommandDefinition(Start, cancellationToken: cancellation)).ConfigureAwait(false);
            await copy.RunAsync(cancellation).ConfigureAwait(false);
            var end = await connection.QuerySingleAsync<BackupEnd>(new CommandDefinition(Stop, cancellationToken: cancellation)).ConfigureAwait(false);
            place.Facts[CompletedAt] = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
            await PrivateFiles.WriteAsync(Path.Combine(to, "backup_label"), Encoding.UTF8.GetBytes(end.Label), cancellation).ConfigureAwait(false);
            await CopyLogAsync(from, to, copy, first, end.LastFile, cancellation).ConfigureAwait(false);
            place.Facts[Major] = (await File.ReadAllTextAsync(Path.Combine(to, "PG_VERSION"), cancellation).ConfigureAwait(false)).Trim();
            place.Say(string.Create(CultureInfo.InvariantCulture, $"The database is copied: {copy.Files} files, {copy.Bytes / 1_000_000} MB"));
        }
    }

    public async Task<string?> ObjectionAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (DatabaseConnections.FromSettings(configuration) is not null)
            return "ConnectionStrings__Tollgate names a server of yours; this backup is of the program's own cluster. Take the setting away to restore it here.";
        using var own = ClusterLock.TryTake(DataDirectory);
        if (own is null)
            return $"A Tollgate runs on {Path.GetFullPath(DataDirectory)}. Stop it first.";
        var user = ServerUser.Choose();
        var folder = await ClusterFolder.ChooseAsync(DataDirectory, user, logger, cancellation).ConfigureAwait(false);
        folder.RemoveTemporarySocket();
        if (folder.Major is not null)
            return $"There is a database in {folder.Data} already, and restoring overwrites nothing. Move {folder.Home} away, or name another Data__Directory.";
        if (!place.Facts.TryGetValue(Major, out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var major))
            return "The backup holds no database.";
        try
        {
            await ServerBinaries.FindAsync(configuration["Postgres:BinDirectory"], major, user, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (EmbeddedClusterException missing)
        {
            return missing.Message;
        }
    }

    public async Task RestoreAsync(BackupPlace place, CancellationToken cancellation)
    {
        var user = ServerUser.Choose();
        var folder = await ClusterFolder.ChooseAsync(DataDirectory, user, logger, cancellation).ConfigureAwait(false);
        folder.RemoveTemporarySocket();
        // Made beside its place and moved there, as the first start does it.
        var making = folder.Data + ".new";
        if (Directory.Exists(making))
            Directory.Delete(making, recursive: true);
        place.Say($"Restoring the database into {folder.Data}");
        await new DataFolderRestore(Path.Combine(place.Folder, "pgdata"), making, user).RunAsync(cancellation).ConfigureAwait(false);
        Native.Sync();
        Directory.Move(making, folder.Data);
        place.Say("Starting it once, so that it recovers");
        var cluster = await startup.OpenClusterAsync(attach: false, cancellation).ConfigureAwait(false);
        await RenewFeedAsync(cluster, cancellation).ConfigureAwait(false);
    }

    private string DataDirectory => configuration["Data:Directory"] ?? "data";

    // The versions of the change feed are handed out again from here on: what a node has on its disk must not take them for those that it knows.
    private static async Task RenewFeedAsync(EmbeddedCluster cluster, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(cluster.ConnectionString(ClusterRoles.Superuser)) { Pooling = false }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.ExecuteAsync(new CommandDefinition(RenewFeed, cancellationToken: cancellation)).ConfigureAwait(false);
            }
            catch (PostgresException older) when (older.SqlState is PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
            {
                // The backup is older than the feed's identity.
            }
        }
    }

    private static async Task CopyLogAsync(string from, string to, DataFolderCopy copy, string first, string last, CancellationToken cancellation)
    {
        PrivateFiles.MakeFolder(Path.Combine(to, "pg_wal", "archive_status"));
        var segments = Directory.EnumerateFiles(Path.Combine(from, "pg_wal")).Select(Path.GetFileName).OfType<string>()
            .Where(name => name.Length == first.Length && string.CompareOrdinal(name, first) >= 0 && string.CompareOrdinal(name, last) <= 0).Order(StringComparer.Ordinal).ToList();
        foreach (var segment in segments)
            if (!await copy.FileAsync(Path.Combine("pg_wal", segment), cancellation).ConfigureAwait(false))
                throw new StartupException($"The server removed its log {segment} while it was being copied. Take the backup again.");
        if (segments.Count == 0 || segments[0] != first || segments[^1] != last)
            throw new StartupException($"The server's log from {first} to {last} is not all there. Take the backup again.");
    }

    private sealed class BackupEnd
    {
        public string LastFile { get; init; } = "";

        public string Label { get; init; } = "";
    }
}
