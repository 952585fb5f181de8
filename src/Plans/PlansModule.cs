using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering;
using Tollgate.Plans.Invoices;
using Tollgate.Plans.Limits;
using Tollgate.Plans.Offers;
using Tollgate.Plans.Subscriptions;

namespace Tollgate.Plans;

/// <summary>The door of the module.</summary>
public static class PlansModule
{
    public static SqlModule Sql { get; } = new("plans", typeof(PlansModule).Assembly);

    public static IServiceCollection AddPlans(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IPlans, PlanStore>();
        services.AddSingleton<ISubscriptions, SubscriptionStore>();
        services.AddSingleton<IEntitlements, EntitlementStore>();
        services.AddSingleton<ISpending, SpendingStore>();
        services.AddSingleton<IPlanStatistics, PlanStatistics>();
        services.AddSingleton<IUsageSubjects, SubscriptionUsage>();
        services.AddSingleton<IOrganizationRemovalCheck, LiveSubscriptions>();
        services.AddSingleton<IOrganizationSuspensionStep, SuspendedSubscriber>();
        services.AddSingleton<IReportSubjects, ReportSubjects>();
        services.AddSingleton<RenewEntitlements>();
        return services;
    }

    public static IEndpointRouteBuilder MapPlans(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithApiDefaults();
        UpcomingInvoice.Map(group);
        AllowanceEndpoints.Map(group);
        SpendCapEndpoints.Map(group);
        return routes;
    }
}
