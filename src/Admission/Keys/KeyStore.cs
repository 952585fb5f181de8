using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

/// <summary>A key as its owner may see it.</summary>
internal sealed class KeyRow
{
    public Guid Id { get; init; }

    public Guid SubscriptionId { get; init; }

    public Guid OrganizationId { get; init; }

    public string Name { get; init; } = "";

    public string Prefix { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }
}

internal sealed class KeyStore(TimeProvider clock)
{
    /// <summary>Live keys of one subscription; rotation needs two, a fleet some more.</summary>
    public const int MostLiveKeys = 100;

    private const string Select = "SELECT id, subscription_id, organization_id, name, prefix, created_at, expires_at, revoked_at, last_used_at FROM admission.key";

    /// <summary>The secret is in the answer and nowhere else.</summary>
    public async Task<Outcome<(KeyRow Key, string Secret)>> CreateAsync(DbSession session, Subscription subscription, string name, DateTimeOffset? expiresAt, Guid? createdBy)
    {
        var now = clock.GetUtcNow();
        var live = await session.QuerySingleAsync<int>("""
            SELECT count(*)::int FROM admission.key
            WHERE subscription_id = @subscription AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)
            """, new { subscription = subscription.Id, now }).ConfigureAwait(false);
        if (live >= MostLiveKeys)
            return Failure.Conflict("TOO_MANY_KEYS", $"A subscription has at most {MostLiveKeys} live keys. Revoke one that is not needed.");
        var secret = KeyFormat.Generate(KeyFormat.Live);
        var key = new KeyRow
        {
            Id = TypeId.New(clock),
            SubscriptionId = subscription.Id,
            OrganizationId = subscription.OrganizationId,
            Name = name,
            Prefix = KeyFormat.Shown(secret),
            CreatedAt = now,
            ExpiresAt = expiresAt,
        };
        await session.ExecuteAsync("""
            INSERT INTO admission.key (id, subscription_id, organization_id, provider_organization_id, name, prefix, digest, created_by, created_at, expires_at)
            VALUES (@Id, @SubscriptionId, @OrganizationId, @provider, @Name, @Prefix, @digest, @createdBy, @CreatedAt, @ExpiresAt)
            """, new
        {
            key.Id,
            key.SubscriptionId,
            key.OrganizationId,
            provider = subscription.Plan.Product.ProviderOrganizationId,
            key.Name,
            key.Prefix,
            digest = KeyFormat.Digest(secret),
            createdBy,
            key.CreatedAt,
            key.ExpiresAt,
        }).ConfigureAwait(false);
        return (key, secret);
    }

    /// <summary>Newest first, revoked ones too.</summary>
    public Task<IReadOnlyList<KeyRow>> ListAsync(DbSession session, Guid subscriptionId) =>
        session.QueryAsync<KeyRow>($"{Select} WHERE subscription_id = @subscriptionId ORDER BY id DESC LIMIT 1000", new { subscriptionId });

    public Task<KeyRow?> FindAsync(DbSession session, Guid keyId) => session.QuerySingleOrDefaultAsync<KeyRow>($"{Select} WHERE id = @keyId", new { keyId });

    /// <summary>For good. Revoking twice is no error and keeps the first time.</summary>
    public Task RevokeAsync(DbSession session, Guid keyId) =>
        session.ExecuteAsync("UPDATE admission.key SET revoked_at = @now WHERE id = @keyId AND revoked_at IS NULL", new { keyId, now = clock.GetUtcNow() });
}
