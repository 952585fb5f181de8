using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

/// <summary>A key as its owner may see it.</summary>
internal sealed class KeyRow
{
    public Guid Id { get; init; }

    public Guid SubscriptionId { get; init; }

    public Guid OrganizationId { get; init; }

    public Guid ProviderOrganizationId { get; init; }

    public string Name { get; init; } = "";

    public string Prefix { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    public Guid[]? Operations { get; init; }

    public string[]? AllowedAddresses { get; init; }

    public Guid? Replaces { get; init; }

    public DateTimeOffset? LeakedAt { get; init; }

    public string? LeakSource { get; init; }

    public bool IsLiveAt(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is null || ExpiresAt > now);
}

/// <summary>What its owner says of a key.</summary>
internal sealed record KeyDraft(string Name, DateTimeOffset? ExpiresAt, Guid[]? Operations, string[]? AllowedAddresses);

internal sealed class KeyStore(TimeProvider clock)
{
    /// <summary>Live keys of one subscription; rotation needs two, a fleet some more.</summary>
    public const int MostLiveKeys = 100;

    private static readonly Failure TooMany = Failure.Conflict("TOO_MANY_KEYS", $"A subscription has at most {MostLiveKeys} live keys. Revoke one that is not needed.");

    private const string Select = """
        SELECT id, subscription_id, organization_id, provider_organization_id, name, prefix, created_at, expires_at, revoked_at, last_used_at,
               operations, allowed_addresses::text[] AS allowed_addresses, replaces, leaked_at, leak_source
        FROM admission.key
        """;

    /// <summary>The secret is in the answer and nowhere else.</summary>
    public async Task<Outcome<(KeyRow Key, string Secret)>> CreateAsync(DbSession session, Subscription subscription, KeyDraft draft, Guid? createdBy)
    {
        if (!await HasRoomAsync(session, subscription.Id).ConfigureAwait(false))
            return TooMany;
        return await InsertAsync(session, (subscription.Id, subscription.OrganizationId, subscription.Plan.Product.ProviderOrganizationId), draft, createdBy, null).ConfigureAwait(false);
    }

    /// <summary>
    /// A key that follows another: its name, scopes, addresses and expiry, another secret. The old one ends with the grace, or before when that was
    /// its end; without grace, or when it was found in the open, it is revoked. KEY_NOT_LIVE for one that has ended, KEY_ROTATED for one that is followed already.
    /// </summary>
    public async Task<Outcome<(KeyRow Old, KeyRow Key, string Secret, DateTimeOffset? OldEndsAt)>> RotateAsync(DbSession session, Guid keyId, TimeSpan grace, Guid? createdBy)
    {
        var now = clock.GetUtcNow();
        // The row is the lock: of two rotations at once one finds that the other was first, and what was edited meanwhile is what the new key is for.
        if (await LockAsync(session, keyId).ConfigureAwait(false) is not { } old || !old.IsLiveAt(now))
            return Failure.Conflict("KEY_NOT_LIVE", "This key was revoked or has expired: there is nothing to rotate. Create a new one.");
        if (await IsFollowedAsync(session, keyId).ConfigureAwait(false))
            return Failure.Conflict("KEY_ROTATED", "This key was rotated already; rotate the key that follows it.");
        // Whoever else has it must not go on with it.
        var revokes = grace == TimeSpan.Zero || old.LeakedAt is not null;
        if (!revokes && !await HasRoomAsync(session, old.SubscriptionId).ConfigureAwait(false))
            return TooMany;
        var draft = new KeyDraft(old.Name, old.ExpiresAt, old.Operations, old.AllowedAddresses);
        var (key, secret) = await InsertAsync(session, (old.SubscriptionId, old.OrganizationId, old.ProviderOrganizationId), draft, createdBy, old.Id).ConfigureAwait(false);
        if (revokes)
        {
            await RevokeAsync(session, old.Id).ConfigureAwait(false);
            return (old, key, secret, (DateTimeOffset?)now);
        }
        var endsAt = old.ExpiresAt is { } end && end < now + grace ? end : now + grace;
        await session.ExecuteAsync("UPDATE admission.key SET expires_at = @endsAt WHERE id = @Id", new { old.Id, endsAt }).ConfigureAwait(false);
        return (old, key, secret, (DateTimeOffset?)endsAt);
    }

    /// <summary>KEY_NOT_LIVE for one that has ended: it stays so. KEY_ROTATED where one that is followed would live longer than it was told to.</summary>
    public async Task<Outcome<(KeyRow Before, KeyRow After)>> EditAsync(DbSession session, Guid keyId, KeyDraft draft)
    {
        if (await LockAsync(session, keyId).ConfigureAwait(false) is not { } before || !before.IsLiveAt(clock.GetUtcNow()))
            return Failure.Conflict("KEY_NOT_LIVE", "This key was revoked or has expired: nothing can be changed of it. Create a new one.");
        if ((draft.ExpiresAt is null || draft.ExpiresAt > before.ExpiresAt) && await IsFollowedAsync(session, keyId).ConfigureAwait(false))
            return Failure.Conflict("KEY_ROTATED", "This key was rotated: send an expires_at that is not later than its end, or edit the key that follows it.");
        await session.ExecuteAsync("""
            UPDATE admission.key SET name = @Name, expires_at = @ExpiresAt, operations = @Operations, allowed_addresses = @AllowedAddresses::text[]::cidr[] WHERE id = @keyId
            """, new { keyId, draft.Name, draft.ExpiresAt, draft.Operations, draft.AllowedAddresses }).ConfigureAwait(false);
        return (before, (await FindAsync(session, keyId).ConfigureAwait(false))!);
    }

    /// <summary>Newest first, revoked ones too.</summary>
    public static Task<IReadOnlyList<KeyRow>> ListAsync(DbSession session, Guid subscriptionId) =>
        session.QueryAsync<KeyRow>($"{Select} WHERE subscription_id = @subscriptionId ORDER BY id DESC LIMIT 1000", new { subscriptionId });

    public static Task<KeyRow?> FindAsync(DbSession session, Guid keyId) => session.QuerySingleOrDefaultAsync<KeyRow>($"{Select} WHERE id = @keyId", new { keyId });

    /// <summary>As it is now, and as it stays until the end of the transaction.</summary>
    public static Task<KeyRow?> LockAsync(DbSession session, Guid keyId) => session.QuerySingleOrDefaultAsync<KeyRow>($"{Select} WHERE id = @keyId FOR UPDATE", new { keyId });

    /// <summary>Which keys these are the digests of, all at once; for the worker.</summary>
    public static async Task<IReadOnlyDictionary<string, Guid>> IdsOfAsync(DbSession session, IReadOnlyCollection<byte[]> digests) =>
        (await session.QueryAsync<DigestRow>("SELECT id, digest FROM admission.key WHERE digest = ANY (@digests)", new { digests = digests.ToArray() }).ConfigureAwait(false))
            .ToDictionary(row => Convert.ToHexString(row.Digest), row => row.Id, StringComparer.Ordinal);

    /// <summary>By what their secrets hash to; for the worker, which alone may look there.</summary>
    public static Task<IReadOnlyList<KeyRow>> FindByDigestAsync(DbSession session, IReadOnlyCollection<byte[]> digests) =>
        session.QueryAsync<KeyRow>($"{Select} WHERE digest = ANY (@digests)", new { digests = digests.ToArray() });

    /// <summary>For good. Revoking twice is no error and keeps the first time; false when it was revoked before.</summary>
    public async Task<bool> RevokeAsync(DbSession session, Guid keyId) => await session.ExecuteAsync(
        "UPDATE admission.key SET revoked_at = @now WHERE id = @keyId AND revoked_at IS NULL", new { keyId, now = clock.GetUtcNow() }).ConfigureAwait(false) > 0;

    /// <summary>Keeps where it was found, the first time, and answers whether this is it; for the worker.</summary>
    public async Task<bool> MarkLeakedAsync(DbSession session, Guid keyId, string? source) => await session.ExecuteAsync(
        "UPDATE admission.key SET leaked_at = @now, leak_source = @source WHERE id = @keyId AND leaked_at IS NULL", new { keyId, source, now = clock.GetUtcNow() }).ConfigureAwait(false) > 0;

    /// <summary>A key that another one follows.</summary>
    public static Task<bool> IsFollowedAsync(DbSession session, Guid keyId) =>
        session.QuerySingleAsync<bool>("SELECT EXISTS (SELECT FROM admission.key WHERE replaces = @keyId)", new { keyId });

    // Under a lock of the subscription until the transaction ends: of many that are made at once none is one too many.
    private async Task<bool> HasRoomAsync(DbSession session, Guid subscription)
    {
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('admission.key/' || @subscription::text, 0))", new { subscription }).ConfigureAwait(false);
        return await session.QuerySingleAsync<int>("""
            SELECT count(*)::int FROM admission.key
            WHERE subscription_id = @subscription AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)
            """, new { subscription, now = clock.GetUtcNow() }).ConfigureAwait(false) < MostLiveKeys;
    }

    private async Task<(KeyRow Key, string Secret)> InsertAsync(
        DbSession session, (Guid Subscription, Guid Organization, Guid Provider) of, KeyDraft draft, Guid? createdBy, Guid? replaces)
    {
        const string insert = """
            INSERT INTO admission.key (id, subscription_id, organization_id, provider_organization_id, name, prefix, digest, created_by, created_at, expires_at,
              operations, allowed_addresses, replaces)
            VALUES (@Id, @SubscriptionId, @OrganizationId, @ProviderOrganizationId, @Name, @Prefix, @digest, @createdBy, @CreatedAt, @ExpiresAt,
              @Operations, @AllowedAddresses::text[]::cidr[], @Replaces)
            """;
        var secret = KeyFormat.Generate(KeyFormat.Live);
        var key = new KeyRow
        {
            Id = TypeId.New(clock),
            SubscriptionId = of.Subscription,
            OrganizationId = of.Organization,
            ProviderOrganizationId = of.Provider,
            Name = draft.Name,
            Prefix = KeyFormat.Shown(secret),
            CreatedAt = clock.GetUtcNow(),
            ExpiresAt = draft.ExpiresAt,
            Operations = draft.Operations,
            AllowedAddresses = draft.AllowedAddresses,
            Replaces = replaces,
        };
        await session.ExecuteAsync(insert, new
        {
            key.Id,
            key.SubscriptionId,
            key.OrganizationId,
            key.ProviderOrganizationId,
            key.Name,
            key.Prefix,
            digest = KeyFormat.Digest(secret),
            createdBy,
            key.CreatedAt,
            key.ExpiresAt,
            key.Operations,
            key.AllowedAddresses,
            key.Replaces,
        }).ConfigureAwait(false);
        return (key, secret);
    }

    private sealed class DigestRow
    {
        public Guid Id { get; init; }

        public byte[] Digest { get; init; } = [];
    }
}
