using Tollgate.Foundation;

namespace Tollgate.Plans.Subscriptions;

/// <summary>Which plan versions subscriptions were on before the one that they are on now.</summary>
internal static class VersionChanges
{
    /// <summary>The subscription leaves the version of <paramref name="before"/> now.</summary>
    public static Task AddAsync(DbSession session, SubscriptionRow before, DateTimeOffset now) => session.ExecuteAsync("""
        INSERT INTO plans.version_change (subscription_id, changed_at, version_before, organization_id, provider_organization_id)
        VALUES (@id, @now, @version, @organizationId, @provider)
        """, new { id = before.Id, now, version = before.Version, organizationId = before.OrganizationId, provider = before.ProviderOrganizationId });

    /// <summary>The changes of these subscriptions, the oldest first.</summary>
    public static async Task<ILookup<Guid, VersionChange>> FindAsync(DbSession session, Guid[] subscriptionIds)
    {
        var rows = await session.QueryAsync<VersionChange>("""
            SELECT subscription_id, changed_at, version_before FROM plans.version_change WHERE subscription_id = ANY (@subscriptionIds) ORDER BY changed_at
            """, new { subscriptionIds }).ConfigureAwait(false);
        return rows.ToLookup(row => row.SubscriptionId);
    }
}

internal sealed class VersionChange
{
    public Guid SubscriptionId { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    public int VersionBefore { get; init; }
}
