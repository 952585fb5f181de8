using Npgsql;
using Tollgate.Admission;
using Tollgate.Catalog;
using Tollgate.Gateway;
using Tollgate.Identity;
using Tollgate.Messaging;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Architecture.Tests;

/// <summary>The whole schema on a fresh database.</summary>
public sealed class SchemaFixture : IAsyncLifetime
{
    public TestDatabase Database { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Database = await TestDatabase.CreateAsync(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql, GatewayModule.Sql, CatalogModule.Sql, MessagingModule.Sql);

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    public async Task<List<string>> TextsAsync(string sql)
    {
        await using var command = Database.OwnerOrSuperuser.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return rows;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.OwnerOrSuperuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
