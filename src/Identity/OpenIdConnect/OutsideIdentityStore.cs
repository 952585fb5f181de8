using Tollgate.Foundation;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>Which person of which provider is which account: by issuer and subject, never by address (ASVS 6.8.1).</summary>
internal sealed class OutsideIdentityStore(TimeProvider clock)
{
    public const string Prefix = "oid";

    /// <summary>Locks nothing: the account is locked before anything of it, and <see cref="UsedAsync"/> then says whether it was still so.</summary>
    public static Task<Guid?> AccountOfAsync(DbSession session, OidcPerson person) => session.QuerySingleOrDefaultAsync<Guid?>(
        "SELECT account_id FROM identity.outside_identity WHERE issuer = @Issuer AND subject = @Subject", new { person.Issuer, person.Subject });

    /// <summary>False when the person is this account's no longer.</summary>
    public async Task<bool> UsedAsync(DbSession session, Guid accountId, OidcPerson person) => await session.ExecuteAsync(
        "UPDATE identity.outside_identity SET last_used_at = @now WHERE issuer = @Issuer AND subject = @Subject AND account_id = @accountId",
        new { person.Issuer, person.Subject, accountId, now = clock.GetUtcNow() }).ConfigureAwait(false) == 1;

    /// <summary>False when the person belongs to an account already, or the account has somebody of this provider.</summary>
    public async Task<bool> AddAsync(DbSession session, Guid accountId, OidcProvider provider, OidcPerson person)
    {
        const string insert = """
            INSERT INTO identity.outside_identity (id, account_id, provider, issuer, subject, email, created_at, last_used_at)
            VALUES (@id, @accountId, @provider, @Issuer, @Subject, @email, @now, @now) ON CONFLICT DO NOTHING
            """;
        var email = person.Email is { Length: <= 254 } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null;
        return await session.ExecuteAsync(insert, new { id = TypeId.New(clock), accountId, provider = provider.Id, person.Issuer, person.Subject, email, now = clock.GetUtcNow() }).ConfigureAwait(false) == 1;
    }

    public static Task<IReadOnlyList<OutsideIdentityRow>> ListAsync(DbSession session, Guid accountId) => session.QueryAsync<OutsideIdentityRow>(
        "SELECT id, provider, email, created_at, last_used_at FROM identity.outside_identity WHERE account_id = @accountId ORDER BY created_at, id", new { accountId });

    /// <summary>The provider that it was of; null when there is none.</summary>
    public static Task<string?> RemoveAsync(DbSession session, Guid accountId, Guid id) => session.QuerySingleOrDefaultAsync<string>(
        "DELETE FROM identity.outside_identity WHERE id = @id AND account_id = @accountId RETURNING provider", new { id, accountId });
}

internal sealed class OutsideIdentityRow
{
    public Guid Id { get; init; }

    public string Provider { get; init; } = "";

    public string? Email { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastUsedAt { get; init; }
}
