using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Gateway.Tests.Apis;

/// <summary>Whatever a transaction of a suspended provider's own would write, past all code: the database holds its APIs to what an operator said.</summary>
public sealed class SuspensionGuardTests(ControlServer server) : IClassFixture<ControlServer>
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task Provider_NeitherLiftsItsSuspension_NorHasAnApiThatIsNotSuspended()
    {
        var api = await server.CreateAsync();
        TypeId.TryParse(api.GetProperty("id").GetString(), "api", out var id).ShouldBeTrue();
        TypeId.TryParse(api.GetProperty("organization").GetProperty("id").GetString(), "org", out var organization).ShouldBeTrue();
        var provider = TenantContext.ForOrganization(organization);
        var lift = $"UPDATE gateway.api SET suspended = false WHERE id = '{id}'";
        await RefusedAsync(provider, $"UPDATE gateway.api SET suspended = true WHERE id = '{id}'");
        await RefusedAsync(provider, $"INSERT INTO gateway.suspended_provider VALUES ('{organization}')");
        await SuspendAsync(organization, suspended: true);

        await RefusedAsync(provider, lift);
        (await ExecuteAsync(provider, "DELETE FROM gateway.suspended_provider")).ShouldBe(0);
        await RefusedAsync(provider, Another(id, "false"));
        await RefusedAsync(provider with { IsOperator = true }, lift);
        (await ExecuteAsync(provider, Another(id, "true"))).ShouldBe(1);
        // All else of it stays the provider's to write.
        (await ExecuteAsync(provider, $"UPDATE gateway.api SET name = 'Other' WHERE id = '{id}'")).ShouldBe(1);

        await SuspendAsync(organization, suspended: false);
        (await CountAsync("SELECT count(*) FROM gateway.api WHERE suspended")).ShouldBe(0);
        (await ExecuteAsync(provider, Another(id, "false"))).ShouldBe(1);
        await RefusedAsync(provider, Another(id, "true"));
    }

    [Fact]
    public async Task ProviderWithoutAnApi_GetsNoneThatWouldBeServed()
    {
        TypeId.TryParse((await server.CreateAsync()).GetProperty("id").GetString(), "api", out var like).ShouldBeTrue();
        var organization = Guid.CreateVersion7();
        await SuspendAsync(organization, suspended: true);
        await RefusedAsync(TenantContext.ForOrganization(organization), $"""
            INSERT INTO gateway.api (id, organization_id, organization_slug, organization_name, slug, name, summary, description, category, tags, status, version, endpoint_count, created_at, updated_at)
            VALUES ('{Guid.CreateVersion7()}', '{organization}', 'late', 'Late', 'late', 'Late', '', '', 'other', ARRAY[]::text[], 'published', 1, 0, now(), now())
            """);
        (await CountAsync($"SELECT count(*) FROM gateway.api WHERE organization_id = '{organization}'")).ShouldBe(0);
        (await CountAsync($"SELECT count(*) FROM gateway.api WHERE id = '{like}' AND suspended")).ShouldBe(0, "others are as they were");
    }

    private static string Another(Guid like, string suspended) => $"""
        INSERT INTO gateway.api (id, organization_id, organization_slug, organization_name, slug, name, summary, description, category, tags, status, version, endpoint_count, created_at, updated_at, suspended)
        SELECT gen_random_uuid(), organization_id, organization_slug, organization_name, 'a' || replace(gen_random_uuid()::text, '-', ''), name, summary, description, category, tags, 'published', version,
               endpoint_count, created_at, updated_at, {suspended} FROM gateway.api WHERE id = '{like}'
        """;

    private Task SuspendAsync(Guid organization, bool suspended) => server.Database.Database.AsAppAsync(TenantContext.ForOrganization(organization) with { IsOperator = true }, async session =>
    {
        foreach (var step in server.Server.Services.GetServices<IOrganizationSuspensionStep>())
            await step.SuspendedAsync(session, organization, suspended);
        return true;
    }, Never);

    private Task<int> ExecuteAsync(TenantContext who, string sql) => server.Database.Database.AsAppAsync(who, session => session.ExecuteAsync(sql), Never);

    private async Task RefusedAsync(TenantContext who, string sql) =>
        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(who, sql))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    private async Task<long> CountAsync(string sql)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
