using System.Security.Cryptography;
using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

internal sealed class OrganizationStore(TimeProvider clock) : IOrganizations
{
    private const string Columns = "id, slug, name, time_zone, require_second_factor, EXISTS (SELECT FROM identity.suspension x WHERE x.organization_id = organization.id) AS suspended";

    public async Task<Organization?> FindAsync(DbSession session, Guid id) =>
        (await session.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM identity.organization WHERE id = @id", new { id }).ConfigureAwait(false))?.ToOrganization();

    public async Task<Organization?> HoldAsync(DbSession session, Guid id)
    {
        // A statement of its own: one that had to wait for the lock still sees beside the row what was there before.
        var there = await session.QuerySingleOrDefaultAsync<Guid?>("SELECT id FROM identity.organization WHERE id = @id AND removed_at IS NULL FOR KEY SHARE", new { id }).ConfigureAwait(false);
        return there is null ? null : await FindAsync(session, id).ConfigureAwait(false);
    }

    public async Task<Organization?> FindBySlugAsync(DbSession session, string slug) =>
        (await session.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM identity.organization WHERE slug = @slug", new { slug }).ConfigureAwait(false))?.ToOrganization();

    /// <summary>By id (<c>org_…</c>) or slug; null for one that the session may not see.</summary>
    public static Task<Guid?> FindIdAsync(DbSession session, string idOrSlug) => session.QuerySingleOrDefaultAsync<Guid?>(
        "SELECT id FROM identity.organization WHERE id = @id OR slug = @idOrSlug ORDER BY id = @id DESC LIMIT 1",
        new { id = TypeId.TryParse(idOrSlug, "org", out var id) ? id : (Guid?)null, idOrSlug });

    /// <summary>Changes of an organization and its members come one after the other. Null when it is gone.</summary>
    public static async Task<Organization?> LockAsync(DbSession session, Guid id) => (await session.QuerySingleOrDefaultAsync<Row>(
        $"SELECT {Columns} FROM identity.organization WHERE id = @id AND removed_at IS NULL FOR UPDATE", new { id }).ConfigureAwait(false))?.ToOrganization();

    /// <summary>Named after the person; the slug gets a random tail when it is taken or reserved.</summary>
    public async Task<Organization> CreatePersonalAsync(DbSession session, Guid accountId, string name)
    {
        var wanted = Slug.From(name);
        for (var attempt = 0; ; attempt++)
        {
            var slug = attempt == 0 && !Slug.IsReserved(wanted) ? wanted : Slug.WithTail(wanted);
            if (await TryCreateAsync(session, TypeId.New(clock), accountId, slug, name, "UTC", personal: true).ConfigureAwait(false) is { } made)
                return made;
        }
    }

    /// <summary>With its owner; null when the slug is taken, or was given up and is held. As worker, or as app in a context that names <paramref name="id"/>.</summary>
    public async Task<Organization?> TryCreateAsync(DbSession session, Guid id, Guid ownerId, string slug, string name, string timeZone, bool personal)
    {
        const string claim = "INSERT INTO identity.organization_slug (slug, organization_id) VALUES (@slug, @id) ON CONFLICT (slug) DO NOTHING";
        const string insert = """
            INSERT INTO identity.organization (id, slug, name, time_zone, personal, created_at, updated_at) VALUES (@id, @slug, @name, @timeZone, @personal, @now, @now)
            """;
        const string join = "INSERT INTO identity.member (organization_id, account_id, role, created_at) VALUES (@id, @ownerId, 'owner', @now)";
        var now = clock.GetUtcNow();
        if (await session.ExecuteAsync(claim, new { slug, id }).ConfigureAwait(false) == 0)
            return null;
        await session.ExecuteAsync(insert, new { id, slug, name, timeZone, personal, now }).ConfigureAwait(false);
        await session.ExecuteAsync(join, new { id, ownerId, now }).ConfigureAwait(false);
        return new Organization(id, slug, name, timeZone);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public string TimeZone { get; init; } = "";

        public bool Suspended { get; init; }

        public bool RequireSecondFactor { get; init; }

        public Organization ToOrganization() => new(Id, Slug, Name, TimeZone) { Suspended = Suspended, RequireSecondFactor = RequireSecondFactor };
    }
}
