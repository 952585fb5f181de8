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
    /// <param name="configuration">The settings.</param>
    /// <param name="toMigrate">`tollgate migrate` needs ConnectionStrings__Migrate only.</param>
    public static DatabaseConnections? FromSettings(IConfiguration configuration, bool toMigrate = false)
    {
        var app = configuration.GetConnectionString("Tollgate");
        var owner = configuration.GetConnectionString("Migrate");
        if (string.IsNullOrWhiteSpace(app) && string.IsNullOrWhiteSpace(owner))
            return null;
        if (string.IsNullOrWhiteSpace(app))
            app = toMigrate ? As(owner!, AppRole) : throw new StartupException(
                "ConnectionStrings__Migrate names a server, but ConnectionStrings__Tollgate does not: set it too, or set neither for a PostgreSQL of the program's own.");
        return new DatabaseConnections(
            app,
            configuration.GetConnectionString("Ingest") ?? As(app, IngestRole),
            configuration.GetConnectionString("Worker") ?? As(app, WorkerRole),
            owner);
    }

    /// <summary>One way to reach a server, as each of the roles.</summary>
    public static DatabaseConnections ForAllRoles(Func<string, string> connectionString) =>
        new(connectionString(AppRole), connectionString(IngestRole), connectionString(WorkerRole), connectionString(OwnerRole));

    private static string As(string connectionString, string role) => new NpgsqlConnectionStringBuilder(connectionString) { Username = role }.ConnectionString;
}
