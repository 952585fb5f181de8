using System.Text.Json.Serialization;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Subscriptions;

internal sealed record SubscribeRequest(string? PlanId, string? Organization) : IRequest
{
    public void Validate(Errors errors)
    {
        errors.Text("plan_id", PlanId, 1, 100);
        errors.Text("organization", Organization, 0, 200);
    }
}

/// <param name="Suspended">The organization that subscribed is, by those who run the installation: whatever the status, its keys open nothing. Of its provider see `product`.</param>
/// <param name="TimeZone">IANA name: the period's days, and those of the allowances, are days of this zone.</param>
internal sealed record SubscriptionResponse(
    string Id, SubscriptionStatus Status, SubscriptionSource Source, PlanResponse Plan, ProductResponse Product, string OrganizationId, DateTimeOffset StartedAt,
    DateTimeOffset PeriodStart, DateTimeOffset PeriodEnd, string TimeZone, DateTimeOffset? CanceledAt, DateTimeOffset CreatedAt, bool Suspended)
{
    /// <summary>Only in the answer that creates the subscription.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FirstKeyResponse? Key { get; init; }

    /// <summary>Only for one subscription, not in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AllowanceUsageResponse>? Usage { get; init; }

    public static SubscriptionResponse From(Subscription subscription, IReadOnlyDictionary<Guid, ProductName> names)
    {
        var product = subscription.Plan.Product;
        var name = names.GetValueOrDefault(product.Id);
        return new SubscriptionResponse(
            TypeId.Format("sub", subscription.Id), subscription.Status, subscription.Source, PlanResponse.From(subscription.Plan),
            new ProductResponse(product.Kind, TypeId.Format(product.Kind, product.Id), name?.Name, name?.Slug, name?.Suspended ?? false), TypeId.Format("org", subscription.OrganizationId),
            subscription.StartedAt, subscription.PeriodStart, subscription.PeriodEnd, subscription.TimeZone, subscription.CanceledAt, subscription.CreatedAt, subscription.Suspended);
    }
}

/// <param name="Suspended">Its provider is, by those who run the installation: it is not served.</param>
internal sealed record ProductResponse(string Kind, string Id, string? Name, string? Slug, bool Suspended);

internal sealed record FirstKeyResponse(string Id, string Prefix, string Secret);

/// <param name="Used">On this node where it admits calls, else from the rollups.</param>
internal sealed record AllowanceUsageResponse(string Meter, Window Window, long Limit, long Used, long Remaining, DateTimeOffset ResetsAt, PastAllowance Past);
