namespace Tollgate.Plans.Offers;

/// <summary>A plan version as SQL answers it.</summary>
internal sealed class PlanRow
{
    public Guid Id { get; init; }

    public int Version { get; init; }

    public string ProductKind { get; init; } = "";

    public Guid ProductId { get; init; }

    public Guid OrganizationId { get; init; }

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public long PriceAmount { get; init; }

    public string PriceCurrency { get; init; } = "";

    public string PriceInterval { get; init; } = "";

    public string Allowances { get; init; } = "[]";

    public bool OnSale { get; init; }

    public bool Archived { get; init; }

    public int? Concurrency { get; init; }

    public Plan ToPlan() => new(
        Id, Version, new Product(ProductKind, ProductId, OrganizationId), Name, Description,
        new Price(PriceAmount, PriceCurrency, PlanText.Interval(PriceInterval)!.Value), PlanText.Allowances(Allowances), OnSale, Archived, Concurrency);
}
