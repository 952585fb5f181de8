using Tollgate.Catalog;
using Tollgate.Foundation;
using Tollgate.Foundation.Jobs;
using Tollgate.Identity;
using Tollgate.Messaging;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Host;

/// <summary>All recurring jobs of the product. Each runs on one node of the cluster at a time.</summary>
internal static class Jobs
{
    public static void AddJobs(this IServiceCollection services) => services.AddRecurringJobs(jobs => jobs
        .Add<EnsureRequestLogPartitions>("ensure-request-log-partitions", TimeSpan.FromHours(6))
        .Add<DropOldRequestLog>("drop-old-request-log", TimeSpan.FromDays(1))
        .Add<WatchDefaultPartition>("watch-default-partition", TimeSpan.FromHours(1))
        .Add<PruneReportedEvents>("prune-reported-events", TimeSpan.FromHours(1))
        .Add<RenewEntitlements>("renew-entitlements", TimeSpan.FromMinutes(5))
        .Add<RefreshListingStatistics>("refresh-listing-statistics", TimeSpan.FromMinutes(1))
        .Add<PruneAuditLog>("prune-audit-log", TimeSpan.FromDays(1))
        .Add<PruneSignInState>("prune-sign-in-state", TimeSpan.FromHours(1))
        .Add<PruneMails>("prune-mails", TimeSpan.FromDays(1))
        .Add<RotateSigningKeys>("rotate-signing-keys", TimeSpan.FromHours(1))
        .Add<ReleaseFormerSlugs>("release-former-slugs", TimeSpan.FromHours(6))
        .Add<FoundationPruning>("prune-foundation", TimeSpan.FromHours(1)));
}
