using Npgsql;
using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Accounts;

internal sealed class AccountRow
{
    public Guid Id { get; init; }

    public string Email { get; init; } = "";

    public string Name { get; init; } = "";

    public string PasswordHash { get; init; } = "";

    public string Role { get; init; } = "";

    public DateTimeOffset? EmailVerifiedAt { get; init; }

    public DateTimeOffset? DisabledAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What its mails greet with. Whoever registers another's address chooses the name: until the address is proved, those words go to nobody.</summary>
    public string NameInMails => EmailVerifiedAt is null ? "" : Name;
}

/// <summary>Accounts before anybody is signed in: the worker role.</summary>
internal sealed class AccountStore(OrganizationStore organizations, TimeProvider clock)
{
    private const string Columns = "id, email, name, password_hash, role, email_verified_at, disabled_at, created_at";

    public static readonly Failure EmailTaken = Failure.Conflict("EMAIL_TAKEN", "There is an account with this address. Sign in, or reset its password.");

    public static string Normalize(string email) => email.Trim().ToLowerInvariant();

    public static Task<AccountRow?> FindByEmailAsync(DbSession session, string email) =>
        session.QuerySingleOrDefaultAsync<AccountRow>($"SELECT {Columns} FROM identity.account WHERE email = @email", new { email = Normalize(email) });

    /// <summary>With the password's hash: the worker's. Null for a deleted one.</summary>
    public static Task<AccountRow?> FindAsync(DbSession session, Guid id) =>
        session.QuerySingleOrDefaultAsync<AccountRow>($"SELECT {Columns} FROM identity.account WHERE id = @id AND deleted_at IS NULL", new { id });

    /// <summary>As <see cref="FindAsync"/>, and nobody changes it until this transaction ends. First of all that a transaction locks; rows that refer to it are still written by others.</summary>
    public static Task<AccountRow?> LockAsync(DbSession session, Guid id) =>
        session.QuerySingleOrDefaultAsync<AccountRow>($"SELECT {Columns} FROM identity.account WHERE id = @id AND deleted_at IS NULL FOR NO KEY UPDATE", new { id });

    /// <summary>Without the password's hash, which requests may not read.</summary>
    public static Task<AccountRow> GetAsync(DbSession session, Guid id) =>
        session.QuerySingleAsync<AccountRow>("SELECT id, email, name, role, email_verified_at, disabled_at, created_at FROM identity.account WHERE id = @id", new { id });

    /// <summary>An account with its personal organization, in one transaction.</summary>
    public async Task<Outcome<(AccountRow Account, Organization Organization)>> CreateAsync(DbSession session, string email, string name, string passwordHash, bool isOperator, bool isVerified = false)
    {
        const string insert = $"""
            INSERT INTO identity.account (id, email, name, password_hash, role, email_verified_at, created_at, updated_at)
            VALUES (@id, @email, @name, @passwordHash, @role, CASE WHEN @isVerified THEN @now END, @now, @now) ON CONFLICT (email) DO NOTHING RETURNING {Columns}
            """;
        var account = await session.QuerySingleOrDefaultAsync<AccountRow>(insert, new
        {
            id = TypeId.New(clock),
            email = Normalize(email),
            name = name.Trim(),
            passwordHash,
            role = isOperator ? "admin" : "user",
            isVerified,
            now = clock.GetUtcNow(),
        }).ConfigureAwait(false);
        if (account is null)
            return EmailTaken;
        var organization = await organizations.CreatePersonalAsync(session, account.Id, account.Name).ConfigureAwait(false);
        return (account, organization);
    }

    public static Task<int> SetPasswordHashAsync(DbSession session, Guid id, string passwordHash) =>
        session.ExecuteAsync("UPDATE identity.account SET password_hash = @passwordHash, updated_at = now() WHERE id = @id", new { id, passwordHash });

    /// <summary>The mailbox was shown to be the account's; 0 when the account has another address by now, or this was known.</summary>
    public Task<int> SetVerifiedAsync(DbSession session, Guid id, string email) => session.ExecuteAsync(
        "UPDATE identity.account SET email_verified_at = @now, updated_at = @now WHERE id = @id AND email = @email AND email_verified_at IS NULL AND deleted_at IS NULL",
        new { id, email, now = clock.GetUtcNow() });

    /// <summary>Another account took the address in the same moment: PostgreSQL tells who comes second, and nothing of the transaction is left.</summary>
    public static bool IsTaken(PostgresException exception) => exception is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "account_email" };

    /// <summary>False when another account has the address; see <see cref="IsTaken"/> too.</summary>
    public async Task<bool> SetEmailAsync(DbSession session, Guid id, string email) => await session.ExecuteAsync("""
        UPDATE identity.account SET email = @email, email_verified_at = @now, updated_at = @now
        WHERE id = @id AND deleted_at IS NULL AND NOT EXISTS (SELECT FROM identity.account other WHERE other.email = @email)
        """, new { id, email, now = clock.GetUtcNow() }).ConfigureAwait(false) == 1;
}
