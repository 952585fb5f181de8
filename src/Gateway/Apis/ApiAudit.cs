using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Upstreams;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

/// <summary>What the audit log keeps of changes of APIs and their plans: names and settings, of upstream headers the names alone.</summary>
internal static class ApiAudit
{
    public static AuditChange Created(ApiRow api) => Of("api.created", api, null, Facts(api));

    public static AuditChange Edited(ApiRow before, ApiRow after) => Of("api.edited", after, Facts(before), Facts(after));

    public static AuditChange StatusSet(ApiRow before, ApiRow after) =>
        Of($"api.{after.Status}", after, new { before.Status }, new { after.Status });

    public static AuditChange UpstreamsSet(ApiRow before, ApiRow after) => Of("api.upstreams_set", after, Facts(before.Plan), Facts(after.Plan));

    public static AuditChange LimitsSet(ApiRow api, ProductLimits before, ProductLimits after) => Of("api.limits_set", api, new { before.Limits }, new { after.Limits });

    public static AuditChange PlanSet(string action, Plan? before, Plan after) => new(
        action, TypeId.Format("plan", after.Id), after.Product.ProviderOrganizationId, before is null ? null : Facts(before), Facts(after));

    private static AuditChange Of(string action, ApiRow api, object? before, object? after) => new(action, TypeId.Format("api", api.Id), api.OrganizationId, before, after);

    private static object Facts(ApiRow api) => new
    {
        api.Slug,
        api.Name,
        api.Summary,
        api.Category,
        api.Tags,
        api.UpstreamUrl,
        UpstreamHeaderNames = api.HeaderNames,
        api.TimeoutMs,
        api.EndpointCount,
    };

    private static object Facts(UpstreamPlan plan) => new { plan.Balancing, Targets = plan.Targets.Select(target => new { Url = target.Url.OriginalString, target.Weight }) };

    private static object Facts(Plan plan) => new
    {
        plan.Name,
        plan.Version,
        plan.Price,
        Allowances = plan.Allowances.Select(one => new { one.Meter, one.Amount, one.Window, one.Past, one.UnitPrice }),
        plan.Concurrency,
        plan.Archived,
    };
}
