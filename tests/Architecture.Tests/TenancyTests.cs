using Tollgate.Foundation;

namespace Tollgate.Architecture.Tests;

/// <summary>Law 4 in the database: each tenant table names its organization and is bound by a policy, for every role.</summary>
public sealed class TenancyTests(SchemaFixture schema) : IClassFixture<SchemaFixture>
{
    // Tables without a tenant, each with the reason.
    private static readonly string[] NoTenant =
    [
        "identity.account", // a person; bound to the signed-in account by its policy
        "identity.session", "identity.refresh_token", // belong to an account
        "identity.organization", // is the tenant
        "identity.challenge", "identity.totp", "identity.totp_offer", "identity.recovery_code", "identity.passkey", "identity.known_device", "identity.outside_identity", // belong to an account
        "identity.attempt", // guesses at what may be no account at all
        "identity.module_key", // the module's own keys, sealed
        "catalog.category", // public words
        "metering.journal_position", "metering.seal_request", "metering.gateway_counter", "metering.rejected_record", "metering.request_log_month", // the shipper's books, no tenant reads them
        "metering.reported_change", // which transaction last reported for a subscription; ids only, for the nodes
        "messaging.mail", // the queue of mails to persons, sealed
        "admission.node", // which processes admit
        "admission.shared_epoch", // which life of the counters in Redis is the latest
    ];

    private int _rows;

    // Of one organization alone: no consumer has a part in them.
    private static readonly string[] ProvidersOwn = ["metering.meter", "metering.reported_event"];

    private const string TenantTables = """
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'foundation', 'quartz') AND n.nspname NOT LIKE 'pg_%'
        """;

    [Fact]
    public async Task EveryTable_HasItsOrganizationColumnOrIsListedWithAReason() => (await WithoutTenantColumnAsync()).ShouldBeEmpty();

    [Fact]
    public async Task UsageTables_HaveBothTenants() => (await schema.TextsAsync("""
        SELECT table_schema || '.' || table_name FROM information_schema.columns WHERE column_name = 'organization_id' AND table_schema = 'metering'
        EXCEPT SELECT table_schema || '.' || table_name FROM information_schema.columns WHERE column_name = 'provider_organization_id'
        """)).Except(ProvidersOwn, StringComparer.Ordinal).ShouldBeEmpty();

    [Fact]
    public async Task EveryTableWithATenant_ForcesRowLevelSecurity() => (await WithoutPolicyAsync()).ShouldBeEmpty();

    [Fact]
    public async Task TheGuards_FindAPlantedTable()
    {
        await schema.ExecuteAsync("CREATE SCHEMA planted; CREATE TABLE planted.naked (id uuid); CREATE TABLE planted.open (organization_id uuid)");
        (await WithoutTenantColumnAsync()).ShouldBe(["planted.naked"]);
        (await WithoutPolicyAsync()).ShouldBe(["planted.open"]);
        await schema.ExecuteAsync("DROP SCHEMA planted CASCADE");
    }

    /// <summary>Plants a row of one organization in every tenant table and looks at it as another, as every role that requests run under.</summary>
    [Fact]
    public async Task ForeignTenant_SeesNoRowOfAnyTable()
    {
        var planter = new RowPlanter(schema);
        var owner = Guid.CreateVersion7();
        var tables = await schema.TextsAsync($"""
            SELECT n.nspname || '.' || c.relname {TenantTables} AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id')
              AND has_any_column_privilege('tollgate_app', c.oid, 'SELECT') ORDER BY 1
            """);
        tables.Count.ShouldBeGreaterThan(8);
        var seen = new List<string>();
        foreach (var table in tables)
        {
            await planter.PlantAsync(table, owner);
            foreach (var (who, tenant, expected) in new[] { ("nobody", TenantContext.Nobody, 0), ("a stranger", TenantContext.ForOrganization(Guid.CreateVersion7()), 0), ("the owner", TenantContext.ForOrganization(owner), 1) })
            {
                var rows = await schema.Database.Database.AsAppAsync(tenant, session => session.QuerySingleAsync<int>($"SELECT count(*)::int FROM {table}"), CancellationToken.None);
                if (rows != expected)
                    seen.Add($"{who} sees {rows} rows of {table}");
            }
        }
        seen.ShouldBeEmpty();
    }

    /// <summary>The same for writing: a stranger's statement finds no row to change or remove, and adds none in the owner's name. The owner's own does, or there would be nothing to refuse.</summary>
    [Fact]
    public async Task ForeignTenant_ChangesNoRowOfAnyTable()
    {
        var planter = new RowPlanter(schema);
        var (owner, stranger) = (Guid.CreateVersion7(), TenantContext.ForOrganization(Guid.CreateVersion7()));
        var done = new List<string>();
        var (changed, removed, added) = (0, 0, 0);
        foreach (var table in await schema.TextsAsync($"SELECT n.nspname || '.' || c.relname {TenantTables} AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id') ORDER BY 1"))
        {
            var insert = await planter.StatementAsync(table, owner);
            await schema.ExecuteAsync(insert);
            var column = (await schema.TextsAsync($"""
                SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                  AND has_column_privilege('tollgate_app', attrelid, attnum, 'UPDATE') AND has_column_privilege('tollgate_app', attrelid, attnum, 'SELECT') ORDER BY attnum LIMIT 1
                """)).FirstOrDefault();
            string[] statements = [.. column is null ? [] : (string[])[$"UPDATE {table} SET {column} = {column}"], $"DELETE FROM {table}", insert];
            foreach (var statement in statements)
                if (await RowsAsync(stranger, statement) > 0)
                    done.Add(statement);
            changed += column is not null && await RowsAsync(TenantContext.ForOrganization(owner), statements[0]) > 0 ? 1 : 0;
            added += await RowsAsync(TenantContext.ForOrganization(owner), insert) > 0 ? 1 : 0;
            removed += await RowsAsync(TenantContext.ForOrganization(owner), $"DELETE FROM {table}") > 0 ? 1 : 0;
        }
        done.ShouldBeEmpty();
        changed.ShouldBeGreaterThan(5);
        added.ShouldBeGreaterThan(5);
        removed.ShouldBeGreaterThan(0);
    }

    /// <summary>What is an account's is another account's not, whatever an endpoint would ask for.</summary>
    [Fact]
    public async Task ForeignAccount_SeesNoRowOfAnyTable()
    {
        var planter = new RowPlanter(schema);
        var (owner, stranger) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var tables = await schema.TextsAsync($"""
            SELECT n.nspname || '.' || c.relname || ' account_id' {TenantTables} AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id')
              AND has_any_column_privilege('tollgate_app', c.oid, 'SELECT') ORDER BY 1
            """);
        tables.Count.ShouldBeGreaterThan(6);
        var seen = new List<string>();
        foreach (var entry in tables.Append("identity.account id"))
        {
            var (table, column) = (entry.Split(' ')[0], entry.Split(' ')[1]);
            await planter.PlantAsync(table, owner, column);
            foreach (var (who, account, expected) in new[] { ("a stranger", stranger, false), ("the account", owner, true) })
                if (await schema.Database.Database.AsAppAsync(new TenantContext(account, []), session => session.QuerySingleAsync<bool>($"SELECT EXISTS (SELECT FROM {table})"), CancellationToken.None) != expected)
                    seen.Add($"{who} sees {(expected ? "no" : "a")} row of {table}");
        }
        seen.ShouldBeEmpty();
    }

    // How many rows; none when the role may not even try. Nothing of it stays.
    private async Task<int> RowsAsync(TenantContext tenant, string statement)
    {
        try
        {
            var tried = await schema.Database.Database.AsAppAsync<Outcome<int>>(tenant, async session =>
            {
                _rows = await session.ExecuteAsync(statement);
                return Failure.Conflict("UNDONE", "So that the next statement finds what this one found.");
            }, CancellationToken.None);
            tried.Succeeded.ShouldBeFalse();
            return _rows;
        }
        catch (Npgsql.PostgresException exception) when (exception.SqlState == Npgsql.PostgresErrorCodes.UniqueViolation)
        {
            // Nothing but the row that is there was in its way.
            return 1;
        }
        catch (Npgsql.PostgresException exception) when (exception.SqlState == Npgsql.PostgresErrorCodes.InsufficientPrivilege)
        {
            return 0;
        }
    }

    /// <summary>The roles that work across tenants, and the owner, who is bound too, see rows only where a policy names them.</summary>
    [Theory]
    [InlineData("tollgate_owner")]
    [InlineData("tollgate_ingest")]
    [InlineData("tollgate_worker")]
    public async Task BackgroundRole_SeesRowsOnlyWhereAPolicyNamesIt(string role)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(schema.Database.ConnectionString(role));
        var planter = new RowPlanter(schema);
        var named = await schema.TextsAsync($"SELECT DISTINCT polrelid::regclass::text FROM pg_policy WHERE (SELECT oid FROM pg_roles WHERE rolname = '{role}') = ANY (polroles)");
        var tables = await schema.TextsAsync($"SELECT n.nspname || '.' || c.relname {TenantTables} AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id') ORDER BY 1");
        var seen = new List<string>();
        foreach (var table in tables)
        {
            await planter.PlantAsync(table, Guid.CreateVersion7());
            if (await CountAsync(source, table) > 0 && !named.Contains(table, StringComparer.Ordinal))
                seen.Add(table);
        }
        seen.ShouldBeEmpty();
    }

    private static async Task<long> CountAsync(Npgsql.NpgsqlDataSource source, string table)
    {
        try
        {
            await using var command = source.CreateCommand($"SELECT count(*) FROM {table}");
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (Npgsql.PostgresException exception) when (exception.SqlState == Npgsql.PostgresErrorCodes.InsufficientPrivilege)
        {
            return 0;
        }
    }

    private async Task<IEnumerable<string>> WithoutTenantColumnAsync() => (await schema.TextsAsync($"""
        SELECT n.nspname || '.' || c.relname {TenantTables} AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id') ORDER BY 1
        """)).Except(NoTenant, StringComparer.Ordinal);

    private Task<List<string>> WithoutPolicyAsync() => schema.TextsAsync($"""
        SELECT n.nspname || '.' || c.relname {TenantTables} AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('organization_id', 'account_id'))
          AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1
        """);
}
