using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Tollgate.Foundation.Postgres;

/// <summary>A connection string for each database role. <see cref="Owner"/> is null where only `tollgate migrate` is given one.</summary>
internal sealed record DatabaseConnections(string App, string Ingest, string Worker, string? Owner)
{
    public const string AppRole = "tollgate_app";
    public const string IngestRole = "tollgate_ingest";
    public const string WorkerRole = "tollgate_worker";
    public const string OwnerRole = "tollgate_owner";

    /// <summary>The server of the settings, or null when the program is to run its own.</summary>
    public static DatabaseConnections? FromSettings(IConfiguration configuration)
    {
        var app = configuration.GetConnectionString("Tollgate");
        if (string.IsNullOrWhiteSpace(app))
            return null;
        return new DatabaseConnections(
            app,
            configuration.GetConnectionString("Ingest") ?? As(app, IngestRole),
            configuration.GetConnectionString("Worker") ?? As(app, WorkerRole),
            configuration.GetConnectionString("Migrate"));
    }

    /// <summary>One way to reach a server, as each of the roles.</summary>
    public static DatabaseConnections ForAllRoles(Func<string, string> connectionString) =>
        new(connectionString(AppRole), connectionString(IngestRole), connectionString(WorkerRole), connectionString(OwnerRole));

    private static string As(string connectionString, string role) => new NpgsqlConnectionStringBuilder(connectionString) { Username = role }.ConnectionString;
}
