using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Plans.Tests;

/// <summary>Each table against a tenant that has nothing to do with its rows, and against each role.</summary>
public sealed class RowSecurityTests(PlansDatabase db) : IClassFixture<PlansDatabase>
{
    private static readonly string[] Tables = ["plan", "plan_version", "subscription", "entitlement_grant", "entitlement_snapshot"];

    [Fact]
    public async Task Select_ForeignTenantOrNobody_SeesNoRow()
    {
        var plan = await db.PlanAsync(db.NewId());
        await db.SubscribeAsync(db.NewId(), plan);
        await db.AsAsync(plan.Product.ProviderOrganizationId, async s =>
        {
            await db.Plans.SetOnSaleAsync(s, plan.Product.Id, false);
            return true;
        });

        foreach (var table in Tables)
        {
            var ofPlan = table is "plan" ? "id = @id" : table is "entitlement_grant" ? "true" : "plan_id = @id";
            var sql = $"SELECT count(*) FROM plans.{table} WHERE {ofPlan}";
            (await db.AsAsync(db.NewId(), s => s.QuerySingleAsync<long>(sql, new { id = plan.Id }))).ShouldBe(0, table);
            (await db.AsNobodyAsync(s => s.QuerySingleAsync<long>(sql, new { id = plan.Id }))).ShouldBe(0, table);
        }
    }

    [Fact]
    public async Task Select_Provider_SeesSubscriptionsButNoSnapshot()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);
        await db.SubscribeAsync(db.NewId(), plan);

        (await CountAsync(provider, "plans.subscription", plan.Id)).ShouldBe(1);
        (await CountAsync(provider, "plans.entitlement_snapshot", plan.Id)).ShouldBe(0);
    }

    [Fact]
    public async Task Select_Versions_StrangersSeeTheNewestAndSubscribersUpToTheirs()
    {
        var provider = db.NewId();
        var consumer = db.NewId();
        var plan = await db.PlanAsync(provider);
        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 1, PlansDatabase.Draft()));
        await db.SubscribeAsync(consumer, plan);
        await db.AsAsync(provider, s => db.Plans.ReviseAsync(s, plan.Id, 2, PlansDatabase.Draft()));

        (await VersionsAsync(db.NewId(), plan.Id)).ShouldBe([3]);
        (await VersionsAsync(consumer, plan.Id)).ShouldBe([1, 2, 3]);
        await db.AsAsync(provider, s => db.Plans.ArchiveAsync(s, plan.Id));
        (await VersionsAsync(db.NewId(), plan.Id)).ShouldBeEmpty();
        (await VersionsAsync(consumer, plan.Id)).ShouldBe([1, 2]);
        (await VersionsAsync(provider, plan.Id)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Write_AsAnother_IsRefusedOrWithoutEffect()
    {
        var provider = db.NewId();
        var consumer = db.NewId();
        var plan = await db.PlanAsync(provider);
        var subscription = (await db.SubscribeAsync(consumer, plan)).Value;

        foreach (var other in new[] { db.NewId(), provider })
            (await db.AsAsync(other, s => s.ExecuteAsync("UPDATE plans.subscription SET status = 'paused' WHERE id = @id", new { id = subscription.Id }))).ShouldBe(0);
        foreach (var other in new[] { db.NewId(), consumer })
            (await db.AsAsync(other, s => s.ExecuteAsync("UPDATE plans.plan SET on_sale = false WHERE id = @id", new { id = plan.Id }))).ShouldBe(0);
        (await db.AsAsync(db.NewId(), s => s.ExecuteAsync("UPDATE plans.entitlement_snapshot SET active = false WHERE plan_id = @id", new { id = plan.Id }))).ShouldBe(0);
        await RefusedAsync(s => db.Plans.CreateAsync(s, new Product("api", db.NewId(), provider), PlansDatabase.Draft()), consumer);
        await RefusedAsync(s => db.Subscriptions.SubscribeAsync(s, db.NewId(), plan.Id), consumer);
    }

    [Fact]
    public async Task Write_AFrozenVersionOrDeletion_HasNoGrant()
    {
        var provider = db.NewId();
        var plan = await db.PlanAsync(provider);

        await RefusedAsync(s => s.ExecuteAsync("UPDATE plans.plan_version SET price_amount = 0 WHERE plan_id = @id", new { id = plan.Id }), provider);
        foreach (var table in Tables)
            await RefusedAsync(s => s.ExecuteAsync($"DELETE FROM plans.{table}"), provider);
    }

    [Fact]
    public async Task Worker_ReadsWhatItNeedsAndWritesNothing()
    {
        var plan = await db.PlanAsync(db.NewId());
        await db.SubscribeAsync(db.NewId(), plan);

        foreach (var table in new[] { "subscription", "entitlement_snapshot" })
            (await db.AsWorkerAsync(s => s.QuerySingleAsync<long>($"SELECT count(*) FROM plans.{table} WHERE plan_id = @id", new { id = plan.Id }))).ShouldBe(1);
        // What a period has cost is rated from the versions.
        (await db.AsWorkerAsync(s => s.QuerySingleAsync<long>("SELECT count(*) FROM plans.plan_version WHERE plan_id = @id", new { id = plan.Id }))).ShouldBe(1);
        await RefusedAsync(() => db.AsWorkerAsync(s => s.ExecuteAsync("SELECT FROM plans.entitlement_grant")));
        foreach (var table in new[] { "subscription", "entitlement_snapshot", "plan" })
            await RefusedAsync(() => db.AsWorkerAsync(s => s.ExecuteAsync($"UPDATE plans.{table} SET updated_at = now()")));
        foreach (var table in new[] { "plan_version", "allowance_override", "spend_cap" })
            await RefusedAsync(() => db.AsWorkerAsync(s => s.ExecuteAsync($"DELETE FROM plans.{table}")));
    }

    [Fact]
    public async Task Ingest_HasNothingHere()
    {
        foreach (var table in Tables)
            await RefusedAsync(() => db.Database.AsIngestAsync(s => s.ExecuteAsync($"SELECT FROM plans.{table}"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task EverySubscriptionWrite_IsInTheChangeFeed()
    {
        var consumer = db.NewId();
        var subscription = (await db.SubscribeAsync(consumer, await db.PlanAsync(db.NewId()))).Value;
        await db.CancelAsync(consumer, subscription);

        (await db.AsWorkerAsync(s => s.QuerySingleAsync<long>(
            "SELECT count(*) FROM foundation.change WHERE topic = @topic AND id = @id", new { topic = IEntitlements.Topic, id = subscription.Id }))).ShouldBe(2);
    }

    private Task<long> CountAsync(Guid organization, string table, Guid planId) =>
        db.AsAsync(organization, s => s.QuerySingleAsync<long>($"SELECT count(*) FROM {table} WHERE plan_id = @planId", new { planId }));

    private Task<IReadOnlyList<int>> VersionsAsync(Guid organization, Guid planId) =>
        db.AsAsync(organization, s => s.QueryAsync<int>("SELECT version FROM plans.plan_version WHERE plan_id = @planId ORDER BY version", new { planId }));

    private Task RefusedAsync<T>(Func<DbSession, Task<T>> work, Guid organization) => RefusedAsync(() => db.AsAsync(organization, work));

    private static async Task RefusedAsync(Func<Task> work) =>
        (await Should.ThrowAsync<PostgresException>(work)).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
}
