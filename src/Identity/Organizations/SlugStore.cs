using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

/// <summary>The slugs that organizations have and had. A slug that was given up is held for half a year, so that addresses in the world go on leading where they led.</summary>
internal sealed class SlugStore(IDatabase database, TimeProvider clock) : IFormerSlugs
{
    public const int MostFormer = 5;

    public static readonly TimeSpan HeldFor = TimeSpan.FromDays(180);

    public Task<string?> FindAsync(string slug, CancellationToken cancellation) => database.AsWorkerAsync(session => session.QuerySingleOrDefaultAsync<string>(
        "SELECT o.slug FROM identity.organization_slug s JOIN identity.organization o ON o.id = s.organization_id WHERE s.slug = @slug AND s.retired_at IS NOT NULL AND o.removed_at IS NULL",
        new { slug }), cancellation);

    public static Task<IReadOnlyList<string>> FormerAsync(DbSession session, Guid organizationId) => session.QueryAsync<string>(
        "SELECT slug FROM identity.organization_slug WHERE organization_id = @organizationId AND retired_at IS NOT NULL ORDER BY retired_at DESC, slug", new { organizationId });

    /// <summary>False when the new slug is somebody's, or is held for somebody. One's own former slug is taken up again.</summary>
    public async Task<bool> ExchangeAsync(DbSession session, Guid organizationId, string old, string slug)
    {
        const string takeUp = "UPDATE identity.organization_slug SET retired_at = NULL, held_until = NULL WHERE slug = @slug AND organization_id = @organizationId";
        const string claim = "INSERT INTO identity.organization_slug (slug, organization_id) VALUES (@slug, @organizationId) ON CONFLICT (slug) DO NOTHING";
        if (await session.ExecuteAsync(takeUp, new { slug, organizationId }).ConfigureAwait(false) == 0
            && await session.ExecuteAsync(claim, new { slug, organizationId }).ConfigureAwait(false) == 0)
            return false;
        await RetireAsync(session, organizationId, old).ConfigureAwait(false);
        return true;
    }

    public Task<int> RetireAsync(DbSession session, Guid organizationId, string slug)
    {
        var now = clock.GetUtcNow();
        return session.ExecuteAsync("UPDATE identity.organization_slug SET retired_at = @now, held_until = @until WHERE slug = @slug AND organization_id = @organizationId",
            new { slug, organizationId, now, until = now + HeldFor });
    }
}
