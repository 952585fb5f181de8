using System.Text.Json;
using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Tests.Apis;

/// <summary>What a provider changes in the moment in which it is suspended: the request was let in before, and waits for the operator's transaction.</summary>
public sealed class SuspensionRaceTests(ControlServer server) : IClassFixture<ControlServer>
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task ApiThatIsCreatedMeanwhile_IsRefused()
    {
        await RefusedAsync(
            "SELECT FROM identity.organization FOR UPDATE; INSERT INTO identity.suspension SELECT id, now(), 'fraud' FROM identity.organization",
            () => server.SendAsync(HttpMethod.Post, "/api/apis", new { name = "Late", slug = "late", upstream_url = "http://127.0.0.1:9", openapi = ControlServer.Document }));
        (await CountAsync("SELECT count(*) FROM gateway.api WHERE slug = 'late'")).ShouldBe(0);
        await ExecuteAsync("DELETE FROM identity.suspension");
    }

    [Fact]
    public async Task PlanThatIsMadeMeanwhile_IsRefused_AndNothingIsOnSale()
    {
        var id = (await server.CreateAsync()).GetProperty("id").GetString()!;
        TypeId.TryParse(id, "api", out var api).ShouldBeTrue();
        await RefusedAsync(
            $"UPDATE gateway.api SET suspended = true WHERE id = '{api}'",
            () => server.SendAsync(HttpMethod.Post, $"/api/apis/{id}/plans", new { name = "Late", price = new { amount = 0, currency = "usd", interval = "month" }, allowances = new[] { new { meter = "requests", amount = 10, window = "month", past = "deny" } } }));
        (await CountAsync($"SELECT count(*) FROM plans.plan WHERE product_id = '{api}'")).ShouldBe(0);
    }

    private async Task RefusedAsync(string suspend, Func<Task<(int Status, JsonElement Body, HttpResponseMessage Response)>> act)
    {
        await using var connection = await server.Database.OwnerOrSuperuser.OpenConnectionAsync(Never);
        await using var transaction = await connection.BeginTransactionAsync(Never);
        await using (var command = new NpgsqlCommand(suspend, connection, transaction))
            await command.ExecuteNonQueryAsync(Never);
        var acting = act();
        while (await CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0)
            if (acting.IsCompleted)
                throw new InvalidOperationException($"It did not wait for the operator: {(await acting).Body}");
        await transaction.CommitAsync(Never);
        var (status, body, _) = await acting;
        (status, body.GetProperty("code").GetString()).ShouldBe((403, "ORGANIZATION_SUSPENDED"), body.ToString());
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Never))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Never);
    }
}
