namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>Given on the command line, so that they are the same whatever was changed in the cluster's files.</summary>
internal static class ServerSettings
{
    public static IEnumerable<string> Arguments(ClusterFolder folder, ClusterOptions options)
    {
        var safe = options.Durable ? "on" : "off";
        string[] settings =
        [
            "listen_addresses=", $"unix_socket_directories={folder.Socket}", "unix_socket_permissions=0700",
            $"hba_file={folder.Data}/pg_hba.conf", $"ident_file={folder.Data}/pg_ident.conf",
            "max_connections=200", "shared_buffers=128MB", "jit=off", "timezone=UTC", "log_timezone=UTC",
            // Off would lose committed rows when the server is killed; the journal counts on them.
            $"synchronous_commit={safe}", $"fsync={safe}", $"full_page_writes={safe}",
            "logging_collector=on", $"log_directory={folder.Home}", "log_filename=server-%a.log", "log_truncate_on_rotation=on", "log_rotation_age=1d", "log_rotation_size=0",
            "cluster_name=tollgate",
        ];
        return ["-D", folder.Data, .. settings.SelectMany(setting => (string[])["-c", setting])];
    }
}
