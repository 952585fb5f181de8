namespace Tollgate.Catalog.Discovery;

/// <summary>A listing with its statistics, as SQL answers it.</summary>
internal sealed class ListingRow
{
    public Guid ApiId { get; init; }

    public string OrganizationSlug { get; init; } = "";

    public string OrganizationName { get; init; } = "";

    public string Slug { get; init; } = "";

    public string Name { get; init; } = "";

    public string Summary { get; init; } = "";

    public string Description { get; init; } = "";

    public string Category { get; init; } = "";

    public string[] Tags { get; init; } = [];

    public int Version { get; init; }

    public int EndpointCount { get; init; }

    public DateTimeOffset PublishedAt { get; init; }

    public long? PriceAmount { get; init; }

    public string? PriceCurrency { get; init; }

    public string? PriceInterval { get; init; }

    public bool FreePlan { get; init; }

    public long SubscriberCount { get; init; }

    public long Requests { get; init; }

    public double? Latency { get; init; }

    public double? SuccessRate { get; init; }

    public decimal? Rating { get; init; }

    public long RatingCount { get; init; }

    public decimal SortKey { get; init; }
}
