using System.Collections.Concurrent;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans.Offers;
using Tollgate.Plans.Subscriptions;
using Tollgate.TestKit;

namespace Tollgate.Plans.Tests;

/// <summary>A database with this module's schema, its stores on a clock that the test moves, and organizations that need no row elsewhere.</summary>
public sealed class PlansDatabase : IAsyncLifetime
{
    private TestDatabase? _database;

    internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 11, 3, 10, 20, 30, 400, TimeSpan.Zero));

    internal IDatabase Database => _database!.Database;

    internal PlanStore Plans { get; private set; } = null!;

    internal SubscriptionStore Subscriptions { get; private set; } = null!;

    internal EntitlementStore Entitlements { get; } = new();

    internal Directory Organizations { get; } = new();

    internal DeclaredMeters Meters { get; } = new();

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(FoundationModule.Sql, PlansModule.Sql);
        Plans = new PlanStore(Clock, [], Meters);
        Subscriptions = new SubscriptionStore(Plans, Organizations, Clock);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
    }

    internal Guid NewId() => TypeId.New(Clock);

    internal static PlanDraft Draft(string name = "Pro", long amount = 1900, string currency = "usd", PriceInterval interval = PriceInterval.Month, params Allowance[] allowances) =>
        new(name, "", new Price(amount, currency, interval), allowances);

    internal Task<T> AsAsync<T>(Guid organizationId, Func<DbSession, Task<T>> work) =>
        Database.AsAppAsync(TenantContext.ForOrganization(organizationId), work, TestContext.Current.CancellationToken);

    internal Task<T> AsNobodyAsync<T>(Func<DbSession, Task<T>> work) => Database.AsAppAsync(TenantContext.Nobody, work, TestContext.Current.CancellationToken);

    internal Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work) => Database.AsWorkerAsync(work, TestContext.Current.CancellationToken);

    /// <summary>A plan of a new product, on sale unless told otherwise.</summary>
    internal async Task<Plan> PlanAsync(Guid provider, PlanDraft? draft = null, bool onSale = true)
    {
        var product = new Product("api", NewId(), provider);
        return await AsAsync(provider, async session =>
        {
            var plan = (await Plans.CreateAsync(session, product, draft ?? Draft())).Value;
            await Plans.SetOnSaleAsync(session, product.Id, onSale);
            return (await Plans.FindAsync(session, plan.Id))!;
        });
    }

    internal Task<Outcome<Subscription>> SubscribeAsync(Guid consumer, Plan plan) => AsAsync(consumer, s => Subscriptions.SubscribeAsync(s, consumer, plan.Id));

    internal Task<Outcome<Subscription>> CancelAsync(Guid consumer, Subscription subscription) => AsAsync(consumer, s => Subscriptions.CancelAsync(s, subscription.Id));

    internal async Task<Entitlement> EntitlementAsync(Guid subscriptionId) => (await AsWorkerAsync(s => Entitlements.LoadAsync(s, [subscriptionId]))).ShouldHaveSingleItem();

    /// <summary>The meters that a test has declared.</summary>
    internal sealed class DeclaredMeters : IMeters
    {
        private readonly ConcurrentBag<DeclaredMeter> _all = [];

        public void Declare(Guid organization, byte code, string name, bool archived = false) => _all.Add(new DeclaredMeter(organization, code, name, archived));

        public Task<IReadOnlyDictionary<string, DeclaredMeter>> FindAsync(DbSession session, Guid organizationId, IReadOnlyCollection<string> names) =>
            Task.FromResult<IReadOnlyDictionary<string, DeclaredMeter>>(_all.Where(meter => meter.OrganizationId == organizationId && names.Contains(meter.Name)).ToDictionary(meter => meter.Name));
    }

    /// <summary>Every organization exists; a test sets the zones that matter.</summary>
    internal sealed class Directory : IOrganizations
    {
        public ConcurrentDictionary<Guid, string> TimeZones { get; } = new();

        public ConcurrentDictionary<Guid, bool> Suspended { get; } = new();

        public Task<Organization?> FindAsync(DbSession session, Guid id) =>
            Task.FromResult<Organization?>(new Organization(id, $"o-{id:n}", "Some organization", TimeZones.GetValueOrDefault(id, "UTC")) { Suspended = Suspended.ContainsKey(id) });

        public Task<Organization?> HoldAsync(DbSession session, Guid id) => FindAsync(session, id);

        public Task<Organization?> FindBySlugAsync(DbSession session, string slug) => Task.FromResult<Organization?>(null);
    }
}
