namespace Tollgate.Plans;

/// <summary>What a plan is for, opaque to this module: kind `api` (later `prompt`, `feature`), its id, and the organization that sells it.</summary>
public sealed record Product(string Kind, Guid Id, Guid ProviderOrganizationId);

/// <summary>
/// Second and minute: fixed windows aligned to UTC. Hour, day, week (from Monday): calendar windows in the consumer's time zone.
/// Month and billing period: anchored at the subscription's start, clamped to month ends.
/// </summary>
public enum Window
{
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    BillingPeriod,
}

public enum PastAllowance
{
    Deny,
    Charge,
}

public enum PriceInterval
{
    Month,
    Year,
}

/// <summary><paramref name="Amount"/> in minor units of <paramref name="Currency"/> (lower-case ISO 4217) for each <paramref name="Interval"/>.</summary>
public sealed record Price(long Amount, string Currency, PriceInterval Interval);

/// <summary>
/// So much of a meter in a window, and what happens past it. <paramref name="UnitPrice"/> is in the MAJOR unit of the plan's currency, up to 12
/// decimals, and present exactly when past is charge (month and billing period only).
/// </summary>
public sealed record Allowance(string Meter, long Amount, Window Window, PastAllowance Past, decimal? UnitPrice)
{
    /// <summary>What counts by code counts this meter by it. Of a declared meter the code is of its provider; 0 where no meter has the name.</summary>
    public byte MeterCode { get; init; } = Metering.Meter.Find(Meter)?.Code ?? 0;
}

/// <summary>One version of a plan. The id is stable, an edit adds a version, a subscription pins one. <paramref name="Concurrency"/>: calls in flight at once, null for any number.</summary>
public sealed record Plan(
    Guid Id, int Version, Product Product, string Name, string Description, Price Price, IReadOnlyList<Allowance> Allowances, bool OnSale, bool Archived, int? Concurrency = null);

/// <summary>A plan as its provider writes it.</summary>
public sealed record PlanDraft(string Name, string Description, Price Price, IReadOnlyList<Allowance> Allowances, int? Concurrency = null);
