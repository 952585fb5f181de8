using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Offers;

internal sealed class PlanStore(TimeProvider clock, IEnumerable<IPlanStep> steps, IMeters meters) : IPlans
{
    private const string Select = """
        SELECT p.id, v.version, p.product_kind, p.product_id, p.organization_id, v.name, v.description, v.price_amount, v.price_currency, v.price_interval,
               v.allowances::text AS allowances, v.concurrency, p.on_sale AND NOT p.archived AS on_sale, p.archived
        FROM plans.plan p JOIN plans.plan_version v ON v.plan_id = p.id
        """;

    public async Task<Outcome<Plan>> CreateAsync(DbSession session, Product product, PlanDraft draft)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(draft);
        var resolved = await DeclaredMeters.ResolveAsync(session, meters, product.ProviderOrganizationId, draft).ConfigureAwait(false);
        if (resolved.Failure is { } unknown)
            return unknown;
        await SaleLock.ExclusiveAsync(session, product.Id).ConfigureAwait(false);
        var id = TypeId.New(clock);
        var inserted = await session.ExecuteAsync("""
            INSERT INTO plans.plan (id, organization_id, product_kind, product_id, name, on_sale, current_version, created_at, updated_at)
            VALUES (@id, @provider, @kind, @product, @name,
                    coalesce((SELECT bool_or(on_sale) FROM plans.plan WHERE product_id = @product AND organization_id = @provider), false), 1, @now, @now)
            ON CONFLICT (product_id, lower(name)) WHERE NOT archived DO NOTHING
            """, new { id, provider = product.ProviderOrganizationId, kind = product.Kind, product = product.Id, name = draft.Name, now = clock.GetUtcNow() }).ConfigureAwait(false);
        if (inserted == 0)
            return NameTaken(draft.Name);
        await AddVersionAsync(session, id, 1, product.ProviderOrganizationId, resolved.Value).ConfigureAwait(false);
        await TellAsync(session, product).ConfigureAwait(false);
        return (await FindAsync(session, id).ConfigureAwait(false))!;
    }

    public async Task<Outcome<Plan>> ReviseAsync(DbSession session, Guid planId, ExpectedVersion expected, PlanDraft draft)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(draft);
        var owned = await OwnedAsync(session, planId).ConfigureAwait(false);
        if (owned is null)
            return Failure.NotFound("plan");
        if (owned.Archived)
            return Failure.Conflict("PLAN_ARCHIVED", "An archived plan cannot be changed.");
        var resolved = await DeclaredMeters.ResolveAsync(session, meters, owned.Product.ProviderOrganizationId, draft).ConfigureAwait(false);
        if (resolved.Failure is { } unknown)
            return unknown;
        await SaleLock.ExclusiveAsync(session, owned.Product.Id).ConfigureAwait(false);
        int? version;
        try
        {
            version = await session.QuerySingleOrDefaultAsync<int?>("""
                UPDATE plans.plan SET current_version = current_version + 1, name = @name, updated_at = @now
                WHERE id = @planId AND (@versions::int[] IS NULL OR current_version = ANY (@versions)) AND NOT archived
                RETURNING current_version
                """, new { planId, versions = expected.Versions, name = draft.Name, now = clock.GetUtcNow() }).ConfigureAwait(false);
            if (version is null)
                return new Failure(FailureKind.PreconditionFailed, "PRECONDITION_FAILED", "The plan has been changed since you read it. Read it again.");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return NameTaken(draft.Name);
        }
        await AddVersionAsync(session, planId, version.Value, owned.Product.ProviderOrganizationId, resolved.Value).ConfigureAwait(false);
        await TellAsync(session, owned.Product).ConfigureAwait(false);
        return (await FindAsync(session, planId).ConfigureAwait(false))!;
    }

    public async Task<Outcome<Plan>> ArchiveAsync(DbSession session, Guid planId)
    {
        ArgumentNullException.ThrowIfNull(session);
        var owned = await OwnedAsync(session, planId).ConfigureAwait(false);
        if (owned is null)
            return Failure.NotFound("plan");
        await SaleLock.ExclusiveAsync(session, owned.Product.Id).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE plans.plan SET archived = true, updated_at = @now WHERE id = @planId AND NOT archived",
            new { planId, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await TellAsync(session, owned.Product).ConfigureAwait(false);
        return owned with { Archived = true, OnSale = false };
    }

    public async Task<IReadOnlyList<Plan>> OfProductAsync(DbSession session, Guid productId)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<PlanRow>($"""
            {Select}
            WHERE p.product_id = @productId AND NOT p.archived AND v.version = p.current_version
            ORDER BY v.price_amount / (CASE v.price_interval WHEN 'year' THEN 12.0 ELSE 1.0 END), p.id
            """, new { productId }).ConfigureAwait(false);
        return [.. rows.Select(r => r.ToPlan())];
    }

    public async Task<Plan?> FindAsync(DbSession session, Guid planId)
    {
        ArgumentNullException.ThrowIfNull(session);
        var row = await session.QuerySingleOrDefaultAsync<PlanRow>($"{Select} WHERE p.id = @planId AND v.version = p.current_version", new { planId }).ConfigureAwait(false);
        return row?.ToPlan();
    }

    /// <summary>Certain versions of a plan, whichever the row-level security lets the caller see.</summary>
    public static async Task<IReadOnlyList<Plan>> VersionsAsync(DbSession session, Guid planId, int[] versions)
    {
        var rows = await session.QueryAsync<PlanRow>($"{Select} WHERE p.id = @planId AND v.version = ANY (@versions) ORDER BY v.version", new { planId, versions }).ConfigureAwait(false);
        return [.. rows.Select(r => r.ToPlan())];
    }

    public async Task SetOnSaleAsync(DbSession session, Guid productId, bool onSale)
    {
        ArgumentNullException.ThrowIfNull(session);
        await SaleLock.ExclusiveAsync(session, productId).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE plans.plan SET on_sale = @onSale, updated_at = @now WHERE product_id = @productId AND on_sale <> @onSale",
            new { productId, onSale, now = clock.GetUtcNow() }).ConfigureAwait(false);
    }

    public Task<long> CountSubscribersAsync(DbSession session, Guid productId)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.QuerySingleAsync<long>("SELECT count(*) FROM plans.subscription WHERE product_id = @productId AND status <> 'canceled'", new { productId });
    }

    private async Task TellAsync(DbSession session, Product product)
    {
        var plans = await OfProductAsync(session, product.Id).ConfigureAwait(false);
        foreach (var step in steps)
            await step.PlansChangedAsync(session, product, plans).ConfigureAwait(false);
    }

    private async Task AddVersionAsync(DbSession session, Guid planId, int version, Guid organizationId, PlanDraft draft) => await session.ExecuteAsync("""
        INSERT INTO plans.plan_version (plan_id, version, organization_id, name, description, price_amount, price_currency, price_interval, allowances, concurrency, created_at)
        VALUES (@planId, @version, @organizationId, @name, @description, @amount, @currency, @interval, @allowances::jsonb, @concurrency, @now)
        """, new
    {
        planId,
        version,
        organizationId,
        name = draft.Name,
        description = draft.Description,
        amount = draft.Price.Amount,
        currency = draft.Price.Currency,
        interval = PlanText.Of(draft.Price.Interval),
        allowances = PlanText.Allowances(draft.Allowances),
        concurrency = draft.Concurrency,
        now = clock.GetUtcNow(),
    }).ConfigureAwait(false);

    // A plan on sale is visible to everybody; changing it is for its provider, and to others it is not there.
    private static async Task<Plan?> OwnedAsync(DbSession session, Guid planId)
    {
        var row = await session.QuerySingleOrDefaultAsync<PlanRow>(
            $"{Select} WHERE p.id = @planId AND v.version = p.current_version AND p.organization_id = ANY (foundation.current_organizations())", new { planId }).ConfigureAwait(false);
        return row?.ToPlan();
    }

    private static Failure NameTaken(string name) => Failure.Conflict("PLAN_NAME_TAKEN", $"There is already a plan named '{name}'.");
}
