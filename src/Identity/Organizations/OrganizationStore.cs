using System.Security.Cryptography;
using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

internal sealed class OrganizationStore(TimeProvider clock) : IOrganizations
{
    private const string Columns = "id, slug, name, time_zone";

    public async Task<Organization?> FindAsync(DbSession session, Guid id) =>
        (await session.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM identity.organization WHERE id = @id", new { id }).ConfigureAwait(false))?.ToOrganization();

    public async Task<Organization?> FindBySlugAsync(DbSession session, string slug) =>
        (await session.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM identity.organization WHERE slug = @slug", new { slug }).ConfigureAwait(false))?.ToOrganization();

    /// <summary>By id (<c>org_…</c>) or slug; null for one that the session may not see.</summary>
    public static Task<Guid?> FindIdAsync(DbSession session, string idOrSlug) => session.QuerySingleOrDefaultAsync<Guid?>(
        "SELECT id FROM identity.organization WHERE id = @id OR slug = @idOrSlug ORDER BY id = @id DESC LIMIT 1",
        new { id = TypeId.TryParse(idOrSlug, "org", out var id) ? id : (Guid?)null, idOrSlug });

    /// <summary>Named after the person; the slug gets a random tail when it is taken or reserved.</summary>
    public async Task<Organization> CreatePersonalAsync(DbSession session, Guid accountId, string name)
    {
        var wanted = Slug.From(name);
        for (var attempt = 0; ; attempt++)
        {
            var slug = attempt == 0 && !Slug.IsReserved(wanted) ? wanted : $"{wanted}-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyz23456789", 5)}";
            if (await TryCreateAsync(session, accountId, slug, name, personal: true).ConfigureAwait(false) is { } made)
                return made;
        }
    }

    /// <summary>Null when the slug is taken.</summary>
    public async Task<Organization?> TryCreateAsync(DbSession session, Guid ownerId, string slug, string name, bool personal)
    {
        const string insert = $"""
            INSERT INTO identity.organization (id, slug, name, personal, created_at, updated_at) VALUES (@id, @slug, @name, @personal, @now, @now)
            ON CONFLICT (slug) DO NOTHING RETURNING {Columns}
            """;
        const string join = "INSERT INTO identity.member (organization_id, account_id, role, created_at) VALUES (@id, @ownerId, 'owner', @now)";
        var now = clock.GetUtcNow();
        var row = await session.QuerySingleOrDefaultAsync<Row>(insert, new { id = TypeId.New(clock), slug, name, personal, now }).ConfigureAwait(false);
        if (row is null)
            return null;
        await session.ExecuteAsync(join, new { row.Id, ownerId, now }).ConfigureAwait(false);
        return row.ToOrganization();
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public string TimeZone { get; init; } = "";

        public Organization ToOrganization() => new(Id, Slug, Name, TimeZone);
    }
}
